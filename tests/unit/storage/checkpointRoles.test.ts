import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { AppError } from '../../../src/domain/errors';
import { sha256Hex, sha256Stream } from '../../../src/domain/hash';
import {
  deleteCheckpoints,
  isWhole,
  keptCheckpoint,
  latestCheckpoint,
  loadNewestCheckpoint,
  takeCheckpointSnapshot,
  writeCheckpoint,
  writeSnapshot,
} from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import { deleteExperiment, makingRoom } from '../../../src/storage/deletedExperiments';
import { putExperiment } from '../../../src/storage/experiments';
import { whilePinned } from '../../../src/storage/pins';
import { putRun } from '../../../src/storage/runs';
import type { CheckpointManifest } from '../../../src/storage/schema';
import { needing } from '../../../src/storage/space';
import { freshDatabase, runRecord, storedExperiment, stubLocks } from './support';

const loopState = { bestDev: null, bestStep: null, elapsedMs: 0 };
const evaluation = defaultExperiment().evaluation;

async function withRun(checkpoint: 'bestDev' | 'last' = 'bestDev'): Promise<Database> {
  const db = await freshDatabase();
  const experiment = { ...defaultExperiment(), evaluation: { ...evaluation, checkpoint } };
  await putRun(db, runRecord('r', 'e', { experiment }));
  return db;
}
async function* tensors(...values: number[]): AsyncGenerator<Float32Array> {
  for (const value of values) yield Promise.resolve(Float32Array.of(value, value));
}
const write = (db: Database, step: number, role: 'latest' | 'best' = 'latest'): Promise<CheckpointManifest> =>
  writeCheckpoint(db, { runId: 'r', step, role, sections: [tensors(step), tensors(step, step)], loopState });
const rejected = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error: unknown) => (error as { details?: unknown }).details ?? error,
  );

/** Stores a checkpoint in the form of earlier versions: with one hash for all bytes. */
async function putUnlisted(db: Database, generation: number, sha256?: string): Promise<CheckpointManifest> {
  const bytes = Float32Array.of(generation, 1);
  const weightsId = `checkpoint-${generation}`;
  await db.put('weightParts', { weightsId, part: 0, bytes: bytes.buffer });
  const manifest = { runId: 'r', generation, step: generation, weightsId, floats: 2, role: 'latest' as const };
  const checkpoint = { ...manifest, sha256: sha256 ?? (await sha256Stream([bytes])), loopState, createdAt: 1 };
  await db.put('checkpoints', checkpoint);
  return checkpoint;
}

describe('the manifest of a checkpoint', () => {
  it('has the size and hash of each section, and the hash of these hashes', async () => {
    const db = await withRun();
    const written = await write(db, 7);
    expect(written).toMatchObject({ generation: 0, step: 7, floats: 6, loopState });
    expect(written.weightsId).toMatch(/^checkpoint-/);
    expect(written.parts?.map(({ bytes }) => bytes)).toEqual([8, 16]);
    expect(written.parts?.[0]).not.toHaveProperty('blob');
    expect(written.sha256).toBe(await sha256Hex(written.parts?.map(({ sha256 }) => sha256).join('') ?? ''));
    expect(await db.getAll('checkpoints')).toEqual([written]);
  });

  it('is the same for a snapshot, whose parts are stored with it', async () => {
    const db = await withRun();
    const input = { runId: 'r', step: 7, role: 'latest' as const, loopState };
    const snapshot = await takeCheckpointSnapshot({ ...input, sections: [tensors(7), tensors(7, 7)] });
    expect(await db.count('weightParts')).toBe(0);
    const written = await writeSnapshot(db, snapshot);
    expect(written.sha256).toBe((await write(db, 7)).sha256);
    expect(await isWhole(db, written)).toBe(true);
  });

  it('is not stored once the run is deleted', async () => {
    const db = await withRun();
    await db.delete('runs', 'r');
    expect(await rejected(write(db, 1))).toEqual({ kind: 'not-found', what: 'run', id: 'r' });
    expect(await db.count('checkpoints')).toBe(0);
  });
});

describe('the checkpoint that a run keeps', () => {
  const stepOf = async (db: Database): Promise<number> => (await keptCheckpoint(db, 'r')).step;

  it('is the best on dev only if the experiment asks for it', async () => {
    for (const [checkpoint, step] of [
      ['bestDev', 1],
      ['last', 3],
    ] as const) {
      const db = await withRun(checkpoint);
      await write(db, 1, 'best');
      for (const later of [2, 3]) await write(db, later);
      expect(await stepOf(db)).toBe(step);
    }
  });

  it('is the last one without a dev evaluation, and the newest of those that a project brought', async () => {
    const db = await withRun();
    for (const step of [1, 2]) await write(db, step);
    expect(await stepOf(db)).toBe(2);
    const newest = await write(db, 3, 'best');
    for (const generation of [8, 9])
      await db.put('checkpoints', { ...newest, generation, step: generation, role: 'kept' });
    expect(await stepOf(db)).toBe(9);
  });

  it('is missing with the run or with all checkpoints', async () => {
    const db = await withRun();
    expect(await rejected(keptCheckpoint(db, 'r'))).toEqual({ kind: 'not-found', what: 'checkpoint', id: 'r' });
    expect(await rejected(keptCheckpoint(db, 'other'))).toEqual({ kind: 'not-found', what: 'run', id: 'other' });
  });

  it('is verified as a whole if it was stored by an earlier version', async () => {
    const db = await withRun();
    await putUnlisted(db, 4);
    expect(await keptCheckpoint(db, 'r')).toEqual({
      weights: { weightsId: 'checkpoint-4', checkpoint: { runId: 'r', generation: 4 } },
      step: 4,
    });
    await putUnlisted(db, 5, 'a'.repeat(64));
    expect(await rejected(keptCheckpoint(db, 'r'))).toEqual({ kind: 'checkpoint-corrupt', runId: 'r', generation: 5 });
  });
});

describe('a checkpoint', () => {
  it('is whole if its bytes match its hashes, with or without a list of parts', async () => {
    const db = await withRun();
    const listed = await write(db, 1);
    const unlisted = await putUnlisted(db, 7);
    expect([await isWhole(db, listed), await isWhole(db, unlisted)]).toEqual([true, true]);
    for (const { weightsId } of [listed, unlisted])
      await db.put('weightParts', { weightsId, part: 0, bytes: Float32Array.of(9, 9).buffer });
    expect([await isWhole(db, listed), await isWhole(db, unlisted)]).toEqual([false, false]);
    db.close();
    await expect(isWhole(db, listed)).rejects.toMatchObject({ details: { kind: 'storage-failed' } });
  });

  it('is loaded from the newest one that is not damaged', async () => {
    const db = await withRun();
    await putUnlisted(db, 4);
    await putUnlisted(db, 5, 'a'.repeat(64));
    expect((await latestCheckpoint(db, 'r'))?.step).toBe(4);
    await putUnlisted(db, 4, 'b'.repeat(64));
    expect(await rejected(latestCheckpoint(db, 'r'))).toMatchObject({ kind: 'checkpoint-corrupt', generation: 5 });
    expect(await latestCheckpoint(db, 'other')).toBeUndefined();
  });

  it('is not passed over for another reason than damage', async () => {
    const db = await withRun();
    for (const step of [1, 2]) await write(db, step);
    const lost = new AppError({ kind: 'storage-failed', reason: 'no more memory' });
    const loaded: number[] = [];
    const load = ({ step }: CheckpointManifest): Promise<never> => {
      loaded.push(step);
      return Promise.reject(lost);
    };
    await expect(loadNewestCheckpoint(db, 'r', load)).rejects.toBe(lost);
    expect(loaded).toEqual([2]);
  });

  it('is deleted with its weights, but those stay while a project is being saved, until the next checkpoint', async () => {
    stubLocks();
    const db = await withRun();
    await write(db, 1);
    await deleteCheckpoints(db, 'r');
    expect([await db.count('checkpoints'), await db.count('weightParts')]).toEqual([0, 0]);
    await write(db, 2);
    await whilePinned(() => deleteCheckpoints(db, 'r'));
    expect([await db.count('checkpoints'), await db.count('weightParts')]).toEqual([0, 2]);
    const { weightsId } = await write(db, 3);
    expect(new Set((await db.getAllKeys('weightParts')).map(([id]) => id))).toEqual(new Set([weightsId]));
  });

  it('that is replaced while a project is being saved keeps its weights until the next one', async () => {
    stubLocks();
    const db = await withRun();
    await write(db, 1, 'best');
    await whilePinned(() => write(db, 2, 'best'));
    expect([await db.count('checkpoints'), await db.count('weightParts')]).toEqual([1, 4]);
    await write(db, 3, 'best');
    expect([await db.count('checkpoints'), await db.count('weightParts')]).toEqual([1, 2]);
  });
});

describe('work that needs storage', () => {
  const full = (neededBytes?: number) =>
    new AppError({ kind: 'quota-exceeded', ...(neededBytes === undefined ? {} : { neededBytes }) });

  it('states how much it needs if the disk is full, unless the error already does', async () => {
    expect(await needing(7, () => Promise.resolve('done'))).toBe('done');
    expect(await rejected(needing(7, () => Promise.reject(full())))).toEqual({
      kind: 'quota-exceeded',
      neededBytes: 7,
    });
    const stated = full(5);
    await expect(needing(7, () => Promise.reject(stated))).rejects.toBe(stated);
    const other = new Error('another failure');
    await expect(needing(7, () => Promise.reject(other))).rejects.toBe(other);
  });

  it('deletes no experiment for good if it fails for another reason than a full disk', async () => {
    const db = await freshDatabase();
    await putExperiment(db, storedExperiment('a'));
    await deleteExperiment(db, 'a');
    const other = new AppError({ kind: 'storage-failed', reason: 'refused' });
    await expect(makingRoom(db, () => Promise.reject(other))).rejects.toBe(other);
    expect(await db.count('experiments')).toBe(1);
  });

  it('does not delete an experiment that is not stored', async () => {
    const missing = { kind: 'not-found', what: 'experiment', id: 'a' };
    const db = await freshDatabase();
    expect(await rejected(deleteExperiment(db, 'a'))).toEqual(missing);
    expect(await db.count('experiments')).toBe(0);
  });
});
