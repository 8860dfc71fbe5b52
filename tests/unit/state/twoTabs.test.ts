import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { openDatabase, type Database } from '../../../src/storage/database';
import { getExperiment, putExperiment, replaceExperiment } from '../../../src/storage/experiments';
import type { StoredExperiment } from '../../../src/storage/schema';

let db: Database;
vi.mock('../../../src/state/gateway', () => ({
  gateway: {
    getExperiment: (id: string) => getExperiment(db, id),
    replaceExperiment: (stored: StoredExperiment, savedAt: number) => replaceExperiment(db, stored, savedAt),
    getDataset: () => Promise.resolve(undefined),
    getModel: () => Promise.resolve(undefined),
    listRuns: () => Promise.resolve([]),
  },
}));
vi.mock('../../../src/state/app.svelte', () => ({ app: { attempt: (work: () => Promise<unknown>) => work() } }));
vi.stubGlobal('addEventListener', () => undefined);
vi.stubGlobal('removeEventListener', () => undefined);
const { ExperimentState } = await import('../../../src/state/experiment.svelte');

const tabs: InstanceType<typeof ExperimentState>[] = [];
let databases = 0;
async function openedTab() {
  const tab = new ExperimentState('e');
  await tab.load();
  tabs.push(tab);
  return tab;
}
beforeEach(async () => {
  db = await openDatabase(`tabs-${databases++}`);
  const experiment = defaultExperiment();
  await putExperiment(db, { experimentId: 'e', name: 'e', experiment, createdAt: 1, updatedAt: 1, demo: false });
});
afterEach(async () => {
  for (const tab of tabs.splice(0)) await tab.close();
});
const seedStored = async () => (await getExperiment(db, 'e'))?.experiment.seed;

describe('an experiment that is open in two tabs', () => {
  it('follows the other tab if it has no unsaved changes, and undo brings the earlier version back', async () => {
    const [first, second] = [await openedTab(), await openedTab()];
    first.change((e) => ({ ...e, seed: 11 }));
    expect(await first.flush()).toBe(true);
    await vi.waitFor(() => expect(second.experiment?.seed).toBe(11));
    expect(second.overtaken).toBeNull();
    second.change((e) => ({ ...e, seed: 12 }));
    expect(await second.flush()).toBe(true);
    await vi.waitFor(() => expect(first.experiment?.seed).toBe(12));
    second.undo();
    second.undo();
    await second.flush();
    expect(await seedStored()).toBe(7);
  });

  it('keeps the first edit if both edit at once, and the second tab asks which version to keep', async () => {
    const [first, second] = [await openedTab(), await openedTab()];
    first.change((e) => ({ ...e, seed: 11 }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    second.change((e) => ({ ...e, seed: 22 }));
    expect(await Promise.all([first.flush(), second.flush()])).toEqual([true, false]);
    expect([await seedStored(), second.experiment?.seed]).toEqual([11, 11]);
    expect(second.overtaken?.experiment.seed).toBe(22);
    second.keepMine();
    expect(await second.flush()).toBe(true);
    expect([await seedStored(), second.overtaken]).toEqual([22, null]);
    await vi.waitFor(() => expect(first.experiment?.seed).toBe(22));
  });

  it('does not mistake its own quick edits for those of another tab', async () => {
    const tab = await openedTab();
    for (let seed = 20; seed < 30; seed++) {
      tab.change((e) => ({ ...e, seed }));
      void tab.flush();
    }
    expect(await tab.flush()).toBe(true);
    expect([await seedStored(), tab.overtaken]).toEqual([29, null]);
  });
});
