import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { deleteExperiment, restoreExperiment } from '../../../src/storage/deletedExperiments';
import { listExperiments, putExperiment } from '../../../src/storage/experiments';
import { freshDatabase, storedExperiment } from '../storage/support';

const db = await freshDatabase();
vi.doMock('../../../src/state/gateway', () => ({
  gateway: {
    listExperiments: () => listExperiments(db),
    deleteExperiment: (id: string) => deleteExperiment(db, id),
    restoreExperiment: (id: string) => restoreExperiment(db, id),
    listRuns: () => Promise.resolve([]),
    getModel: () => Promise.resolve(undefined),
  },
}));
vi.doMock('../../../src/state/openExperiments.svelte', () => ({ forgetExperiment: () => undefined }));
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
});
