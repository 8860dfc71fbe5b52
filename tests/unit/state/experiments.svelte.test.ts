import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { deleteExperiment, restoreExperiment } from '../../../src/storage/deletedExperiments';
import { getExperiment, listExperiments, putExperiment } from '../../../src/storage/experiments';
import type { StoredExperiment } from '../../../src/storage/schema';
import { en } from '../../../src/ui/i18n/en';
import { freshDatabase, storedExperiment } from '../storage/support';

const db = await freshDatabase();
vi.doMock('../../../src/state/gateway', () => ({
  gateway: {
    listExperiments: () => listExperiments(db),
    getExperiment: (id: string) => getExperiment(db, id),
    putExperiment: (stored: StoredExperiment) => putExperiment(db, stored),
    deleteExperiment: (id: string) => deleteExperiment(db, id),
    restoreExperiment: (id: string) => restoreExperiment(db, id),
    listRuns: () => Promise.resolve([]),
    getModel: () => Promise.resolve(undefined),
  },
}));
const flushed: string[] = [];
vi.doMock('../../../src/state/openExperiments.svelte', () => ({
  forgetExperiment: () => undefined,
  flushExperiment: (id: string) => Promise.resolve(void flushed.push(id)),
}));
const listed: number[] = [];
const showPaused = async () => void listed.push((await listExperiments(db)).length);
vi.doMock('../../../src/state/jobs.svelte', () => ({ jobs: { showPaused } }));
const { experiments } = await import('../../../src/state/experiments.svelte');

describe('the list of experiments', () => {
  it('lets the strip look for a paused run again after an experiment is deleted and after it is restored', async () => {
    await putExperiment(db, storedExperiment('e'));
    await experiments.remove('e');
    expect(listed).toEqual([0]);
    await experiments.restore('e');
    expect(listed).toEqual([0, 1]);
  });

  it('duplicates an experiment under a name of its own, with everything but its runs and its past', async () => {
    const negativeDecisions = [{ id: 'a'.repeat(12), keep: false, decidedAt: 3 }];
    const experiment = { ...defaultExperiment(), seed: 5 };
    const original = storedExperiment('o', {
      name: 'Mine',
      experiment,
      negativeDecisions,
      comparedPairs: 'b'.repeat(64),
      demo: true,
      linked: experiment,
    });
    await putExperiment(db, original);
    const first = await experiments.duplicate('o', en.home.copyName);
    const second = await experiments.duplicate('o', en.home.copyName);
    expect([first.name, second.name]).toEqual(['Mine (copy)', 'Mine (copy 2)']);
    expect(flushed).toEqual(['o', 'o']);
    const copy = await getExperiment(db, first.experimentId);
    expect(copy).toMatchObject({ name: 'Mine (copy)', experiment, negativeDecisions, linked: experiment, demo: false });
    expect(copy?.experimentId).not.toBe('o');
    expect(copy?.comparedPairs).toBe('b'.repeat(64));
    await putExperiment(db, { ...storedExperiment(first.experimentId), name: 'changed' });
    await experiments.remove(second.experimentId);
    expect(await getExperiment(db, 'o')).toEqual(original);
  });

  it('keeps the name of a copy within the length that the name field allows', async () => {
    await putExperiment(db, storedExperiment('long', { name: '长'.repeat(120) }));
    expect((await experiments.duplicate('long', en.home.copyName)).name).toBe(`${'长'.repeat(100)} (copy)`);
  });

  it('does not duplicate an experiment that was deleted meanwhile', async () => {
    await expect(experiments.duplicate('gone', en.home.copyName)).rejects.toMatchObject({
      details: { kind: 'not-found', what: 'experiment', id: 'gone' },
    });
  });
});
