import 'fake-indexeddb/auto';
import { beforeEach, expect, it, vi } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import type { Dataset } from '../../../src/domain/records';
import type { DataApi, Progress } from '../../../src/protocol/dataApi';
import { openDatabase, type Database } from '../../../src/storage/database';
import { getDataset, putDataset } from '../../../src/storage/datasets';
import { deleteExperiment } from '../../../src/storage/deletedExperiments';
import { getExperiment, listExperiments, putExperiment, replaceExperiment } from '../../../src/storage/experiments';
import type { StoredExperiment } from '../../../src/storage/schema';

let db: Database;
/** Completes the running import. */
let finish: () => Promise<void> = () => Promise.resolve();
let beforeSaving: Promise<void> = Promise.resolve();
let report: Progress = () => undefined;
const dataset: Dataset = {
  ...{ contentSha256: 'a'.repeat(64), role: 'knowledgeBase', name: 'kb.jsonl' },
  ...{ rows: 2, characters: 4, createdAt: 1 },
};
const leftOut = { rejected: [], rejectedCount: 0, ignoredCount: 0, noteCount: 0 };
const importDataset: DataApi['importDataset'] = (_files, _role, progress) => {
  report = progress;
  return new Promise((resolve) => {
    finish = async () => {
      await putDataset(db, dataset);
      resolve({ dataset, recognised: [], format: 'jsonl', encoding: null, ...leftOut });
    };
  });
};
vi.mock('../../../src/state/gateway', () => ({
  baseUrl: 'http://127.0.0.1/',
  gateway: {
    data: () => Promise.resolve({ importDataset }),
    getExperiment: (id: string) => getExperiment(db, id),
    replaceExperiment: async (stored: StoredExperiment, savedAt: number) => {
      await beforeSaving;
      return replaceExperiment(db, stored, savedAt);
    },
    deleteExperiment: (id: string) => deleteExperiment(db, id),
    listExperiments: () => listExperiments(db),
    getDataset: (sha256: string) => getDataset(db, sha256),
    listRuns: () => Promise.resolve([]),
  },
}));
vi.mock('../../../src/state/app.svelte', () => ({
  app: { attempt: (work: () => Promise<unknown>) => work(), fileAccepted: () => undefined },
}));
vi.stubGlobal('addEventListener', () => undefined);
vi.stubGlobal('removeEventListener', () => undefined);
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
const { openExperiment, forgetExperiment } = await import('../../../src/state/openExperiments.svelte');

let databases = 0;
let experimentId = '';
beforeEach(async () => {
  db = await openDatabase(`open-${databases}`);
  experimentId = `e${databases++}`;
  const stored = { experimentId, name: 'e', experiment: defaultExperiment(), createdAt: 0, updatedAt: 0, demo: false };
  await putExperiment(db, stored);
});

/** Opens the screen and starts an import, which runs until `finish` is called. */
async function importing() {
  const { experiment, imports } = openExperiment(experimentId);
  await experiment.load();
  const imported = imports.importFiles('knowledgeBase', [new File(['x'], 'kb.jsonl')]);
  await vi.waitFor(() => expect(imports.slots.knowledgeBase.progress).not.toBeNull());
  report(3, 10);
  return { experiment, imported };
}

it('an import continues while other screens are shown, and the reopened screen shows its progress and result', async () => {
  const { experiment, imported } = await importing();
  await experiment.close();
  const reopened = openExperiment(experimentId);
  await reopened.experiment.load();
  expect(reopened.imports.slots.knowledgeBase.progress).toEqual({ done: 3, of: 10 });
  await finish();
  await imported;
  expect(reopened.experiment.datasets.knowledgeBase?.name).toBe('kb.jsonl');
  expect(reopened.imports.slots.knowledgeBase.progress).toBeNull();
  expect((await getExperiment(db, experimentId))?.experiment.data).toHaveLength(1);
});

it('an import that ends while its screen is being opened is not undone by data that was read before', async () => {
  const { experiment, imported } = await importing();
  const loading = experiment.load();
  await finish();
  await Promise.all([imported, loading]);
  expect(experiment.datasets.knowledgeBase).toEqual(dataset);
  expect(experiment.experiment?.data).toHaveLength(1);
});

it('an import into an experiment that is deleted meanwhile does not bring it back', async () => {
  const { imported } = await importing();
  forgetExperiment(experimentId);
  await deleteExperiment(db, experimentId);
  await finish();
  await imported;
  expect(await getExperiment(db, experimentId)).toBeUndefined();
});

it('an experiment that another tab has changed is shown as it is now stored, without earlier undo steps', async () => {
  const { experiment } = openExperiment(experimentId);
  await experiment.load();
  experiment.change((e) => ({ ...e, seed: 8 }));
  await experiment.flush();
  const stored = await getExperiment(db, experimentId);
  if (!stored) throw new Error('not stored');
  await putExperiment(db, { ...stored, experiment: { ...stored.experiment, seed: 9 } });
  expect(experiment.canUndo).toBe(true);
  await experiment.load();
  expect([experiment.experiment?.seed, experiment.canUndo]).toEqual([9, false]);
});

it('derived state keeps updating after the screen that first opened the experiment is gone', async () => {
  const leave = $effect.root(() => {
    $effect.pre(() => void openExperiment(experimentId).experiment.missing);
  });
  leave();
  const { experiment } = openExperiment(experimentId);
  await experiment.load();
  expect(experiment.missing).toContain('knowledgeBase');
  await experiment.setDataset('knowledgeBase', dataset);
  expect(experiment.missing).not.toContain('knowledgeBase');
});

it('a flush waits for a running save, so that a run started next reads the newest settings', async () => {
  const { experiment } = openExperiment(experimentId);
  await experiment.load();
  let save = (): void => undefined;
  beforeSaving = new Promise((resolve) => (save = resolve));
  experiment.change((e) => ({ ...e, seed: 8 }));
  const first = experiment.flush();
  let flushed = false;
  const second = experiment.flush().then(() => (flushed = true));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(flushed).toBe(false);
  save();
  await Promise.all([first, second]);
  expect((await getExperiment(db, experimentId))?.experiment.seed).toBe(8);
  beforeSaving = Promise.resolve();
});

it('an experiment is loaded once per screen, not again after every change', async () => {
  let loads = 0;
  const { experiment } = openExperiment(experimentId);
  const leave = $effect.root(() => {
    $effect(() => {
      loads += 1;
      void experiment.load();
    });
  });
  await vi.waitFor(() => expect(experiment.loaded).toBe(true));
  experiment.change((e) => ({ ...e, seed: 8 }));
  await experiment.flush();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([loads, experiment.experiment?.seed]).toEqual([1, 8]);
  leave();
});

it('a mark of a passage is stored at once and is no step to undo', async () => {
  const { experiment } = openExperiment(experimentId);
  await experiment.load();
  experiment.change((e) => ({ ...e, seed: 8 }));
  const mark = { question: 'q', passageId: 'p', mark: 'right' as const, decidedAt: 1 };
  expect(await experiment.mark(mark)).toBe(true);
  expect((await getExperiment(db, experimentId))?.reviewDecisions).toEqual([mark]);
  experiment.undo();
  expect([experiment.experiment?.seed, experiment.canUndo]).toEqual([defaultExperiment().seed, false]);
  await experiment.flush();
  expect((await getExperiment(db, experimentId))?.reviewDecisions).toEqual([mark]);
});

it('decisions about labels are numbered and stored at once, and undoing other changes keeps them', async () => {
  const { experiment } = openExperiment(experimentId);
  await experiment.load();
  experiment.change((e) => ({ ...e, seed: 8 }));
  const decision = { part: 'test' as const, questionId: 'q1', question: 'q', passageId: 'p', mark: 'wrong' as const };
  expect(await experiment.decideLabel(decision)).toBe(true);
  expect(await experiment.decideLabel({ ...decision, mark: 'imported' })).toBe(true);
  experiment.undo();
  await experiment.flush();
  const stored = (await getExperiment(db, experimentId))?.labelDecisions;
  expect(stored).toEqual([
    { number: 1, ...decision },
    { number: 2, ...decision, mark: 'imported' },
  ]);
});
