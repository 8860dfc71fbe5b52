import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { writeCheckpoint } from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import {
  deleteExperiment,
  listDeleted,
  makingRoom,
  purgeExperiment,
  restoreExperiment,
} from '../../../src/storage/deletedExperiments';
import { putEvaluation } from '../../../src/storage/evaluations';
import { getExperiment, listExperiments, putExperiment } from '../../../src/storage/experiments';
import { whilePinned } from '../../../src/storage/pins';
import { appendEvents } from '../../../src/storage/runEvents';
import { addRun, deleteRun, putRun } from '../../../src/storage/runs';
import { sweepOrphanBlocks, sweepOrphanWeights } from '../../../src/storage/sweep';
import { evaluationOf, freshDatabase, runRecord, storedExperiment, stubLocks } from './support';

const loopState = { bestDev: null, bestStep: null, elapsedMs: 0 };
const event = [{ at: 1, body: { type: 'phase', phase: 'train' } as const }];

async function* tensors(value: number): AsyncGenerator<Float32Array> {
  yield Promise.resolve(Float32Array.of(value));
}

const checkpoint = (db: Database, runId: string, step = 1) =>
  writeCheckpoint(db, { runId, step, role: 'latest', sections: [tensors(step)], loopState });

async function withRuns(...experimentIds: string[]): Promise<Database> {
  const db = await freshDatabase();
  for (const id of experimentIds) {
    await putExperiment(db, storedExperiment(id));
    await addRun(db, runRecord(`run of ${id}`, id));
    await appendEvents(db, `run of ${id}`, event);
    await checkpoint(db, `run of ${id}`);
    await putEvaluation(db, evaluationOf(`run of ${id}`));
  }
  return db;
}

const runStoreNames = ['runs', 'runEvents', 'checkpoints', 'weightParts', 'evaluations'] as const;
const counts = (db: Database) => Promise.all(runStoreNames.map((name) => db.count(name)));

afterEach(() => vi.unstubAllGlobals());

describe('a deleted experiment', () => {
  it('is not listed, keeps its runs, and is listed again once restored', async () => {
    const db = await withRuns('a', 'b');
    await deleteExperiment(db, 'a');
    expect((await listExperiments(db)).map(({ experimentId }) => experimentId)).toEqual(['b']);
    expect(await getExperiment(db, 'a')).toBeUndefined();
    expect(await counts(db)).toEqual([2, 2, 2, 2, 2]);
    await restoreExperiment(db, 'a');
    expect(await getExperiment(db, 'a')).toEqual(storedExperiment('a'));
  });

  it('stays deleted if another tab saves an edit of it', async () => {
    const db = await withRuns('a');
    await deleteExperiment(db, 'a');
    await putExperiment(db, storedExperiment('a', { name: 'edited elsewhere' }));
    expect(await listExperiments(db)).toEqual([]);
  });

  it('gets no new run', async () => {
    const db = await withRuns('a');
    await deleteExperiment(db, 'a');
    await expect(addRun(db, runRecord('late', 'a'))).rejects.toMatchObject({ details: { kind: 'not-found' } });
    expect(await db.get('runs', 'late')).toBeUndefined();
  });

  it('is deleted for good with all its runs and nothing of other experiments', async () => {
    const db = await withRuns('a', 'b');
    await deleteExperiment(db, 'a');
    await purgeExperiment(db, 'a');
    expect(await counts(db)).toEqual([1, 1, 1, 1, 1]);
    expect(await db.getAllKeys('experiments')).toEqual(['b']);
  });

  it('is not deleted for good if it was restored meanwhile', async () => {
    const db = await withRuns('a');
    await purgeExperiment(db, 'a');
    expect(await counts(db)).toEqual([1, 1, 1, 1, 1]);
  });

  it('gives up its space when the disk is full, the one deleted longest ago first and no more than needed', async () => {
    const db = await withRuns('a', 'b', 'c');
    await db.put('experiments', storedExperiment('b', { deletedAt: 10 }));
    await db.put('experiments', storedExperiment('a', { deletedAt: 20 }));
    const full = new DOMException('full', 'QuotaExceededError');
    const write = vi.fn().mockRejectedValueOnce(full).mockResolvedValue('written');
    expect(await makingRoom(db, write)).toBe('written');
    expect((await listDeleted(db)).map(({ experimentId }) => experimentId)).toEqual(['a']);
    expect(await counts(db)).toEqual([2, 2, 2, 2, 2]);
  });

  it('does not hide a full disk once no space is left to give up', async () => {
    const db = await withRuns('a');
    await deleteExperiment(db, 'a');
    const full = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
    await expect(makingRoom(db, full)).rejects.toMatchObject({ details: { kind: 'quota-exceeded' } });
    expect(await counts(db)).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('a run that is deleted while a worker is executing it', () => {
  it.each([
    ['events', (db: Database) => appendEvents(db, 'run of a', event)],
    ['a checkpoint', (db: Database) => checkpoint(db, 'run of a', 2)],
    ['an evaluation', (db: Database) => putEvaluation(db, evaluationOf('run of a'))],
  ])('refuses %s with an error and keeps no record of them', async (_what, write) => {
    const db = await withRuns('a');
    await deleteRun(db, 'run of a');
    await expect(write(db)).rejects.toMatchObject({ details: { kind: 'not-found', what: 'run' } });
    await sweepOrphanWeights(db, 'checkpoint');
    expect(await counts(db)).toEqual([0, 0, 0, 0, 0]);
  });
});

describe('the sweep', () => {
  it('deletes checkpoints, weights, events and evaluations whose run is not stored', async () => {
    const db = await withRuns('a', 'b');
    await db.delete('runs', 'run of a');
    expect(await sweepOrphanWeights(db, 'model')).toBe(0);
    expect(await counts(db)).toEqual([1, 2, 2, 2, 2]);
    await sweepOrphanWeights(db, 'checkpoint');
    expect(await counts(db)).toEqual([1, 1, 1, 1, 1]);
  });

  it('keeps the weights of every imported model and deletes only those without a record', async () => {
    const db = await withRuns('a');
    for (const weightsId of ['model-1', 'model-2', 'model-3'])
      await db.put('weightParts', { weightsId, part: 0, bytes: new ArrayBuffer(4) });
    await db.put('models', { contentSha256: 'm', weightsId: 'model-1' } as never);
    await db.put('models', { contentSha256: 'n', weightsId: 'model-2' } as never);
    expect(await sweepOrphanWeights(db, 'checkpoint')).toBe(0);
    expect(await sweepOrphanWeights(db, 'model')).toBe(1);
    const left = (await db.getAllKeys('weightParts')).map(([id]) => id).filter((id) => id.startsWith('model'));
    expect(left).toEqual(['model-1', 'model-2']);
  });

  it('keeps the weights that a model only keeps for its export', async () => {
    const db = await freshDatabase();
    for (const weightsId of ['model-1', 'model-pooler'])
      await db.put('weightParts', { weightsId, part: 0, bytes: new ArrayBuffer(4) });
    await db.put('models', {
      contentSha256: 'm',
      weightsId: 'model-1',
      untrained: { weightsId: 'model-pooler' },
    } as never);
    expect(await sweepOrphanWeights(db, 'model')).toBe(0);
    expect(await db.count('weightParts')).toBe(2);
  });

  it.each(['checkpoints', 'runEvents', 'evaluations'] as const)(
    'finds a run that is not stored if only its %s are left',
    async (name) => {
      const db = await withRuns('a');
      for (const store of runStoreNames) if (store !== name && store !== 'weightParts') await db.clear(store);
      await sweepOrphanWeights(db, 'checkpoint');
      expect(await counts(db)).toEqual([0, 0, 0, 0, 0]);
    },
  );

  it('deletes rows whose data set is not stored, and keeps the others', async () => {
    const db = await freshDatabase();
    for (const contentSha256 of ['kept', 'left'])
      await db.put('datasetBlocks', { contentSha256, block: 0, rows: [], sha256: '' });
    await db.put('datasets', { contentSha256: 'kept' } as never);
    await sweepOrphanBlocks(db);
    expect(await db.getAllKeys('datasetBlocks')).toEqual([['kept', 0]]);
  });
});

describe('weights in a project that is being saved', () => {
  it('stay stored while their checkpoint is replaced, and are deleted with the next one', async () => {
    stubLocks();
    const db = await withRuns('a');
    await checkpoint(db, 'run of a', 2);
    await whilePinned(async () => {
      await checkpoint(db, 'run of a', 3);
      expect((await db.getAll('checkpoints')).map(({ step }) => step)).toEqual([2, 3]);
      expect(await db.count('weightParts')).toBe(3);
      expect(await sweepOrphanWeights(db, 'checkpoint')).toBe(0);
    });
    await checkpoint(db, 'run of a', 4);
    expect(await db.count('weightParts')).toBe(2);
  });

  it('stay stored when their run is deleted, until the next sweep', async () => {
    stubLocks();
    const db = await withRuns('a');
    await whilePinned(() => deleteRun(db, 'run of a'));
    expect(await counts(db)).toEqual([0, 0, 0, 1, 0]);
    expect(await sweepOrphanWeights(db, 'checkpoint')).toBe(1);
  });
});

it('deleting a run deletes its evaluations and no others', async () => {
  const db = await withRuns('a', 'b');
  await putRun(db, runRecord('second of a', 'a'));
  await putEvaluation(db, evaluationOf('second of a'));
  await deleteRun(db, 'run of a');
  expect((await db.getAll('evaluations')).map(({ runId }) => runId)).toEqual(['run of b', 'second of a']);
});
