import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import type { RunRecord } from '../../../src/domain/run';
import { keptCheckpoint, latestCheckpoint, writeCheckpoint } from '../../../src/storage/checkpoints';
import { openDatabase, type Database } from '../../../src/storage/database';
import { appendEvents, readEvents } from '../../../src/storage/runEvents';
import { deleteRun, putRun } from '../../../src/storage/runs';
import { sweepOrphanWeights } from '../../../src/storage/sweep';
import { WeightWriter } from '../../../src/storage/weights';
import { verifyParts } from '../../../src/storage/weightReader';
import { storedFloats } from './storedFloats';

const loopState = { bestDev: null, bestStep: null, elapsedMs: 0 };

function fresh(): Promise<Database> {
  return openDatabase(`test-${crypto.randomUUID()}`);
}

async function withRun(...runIds: string[]): Promise<Database> {
  const db = await fresh();
  const run: RunRecord = {
    runId: 'r',
    experimentId: 'e',
    experiment: defaultExperiment(),
    experimentHash: '',
    build: '',
    device: null,
    devicePreference: 'wasm',
    kernelPlan: '',
    status: 'running',
    phase: 'train',
    step: 0,
    steps: 10,
    createdAt: 1,
  };
  for (const runId of ['r', ...runIds]) await putRun(db, { ...run, runId });
  return db;
}

async function* tensors(...values: number[]): AsyncGenerator<Float32Array> {
  for (const value of values) yield Promise.resolve(Float32Array.of(value, value));
}

const write = (db: Database, step: number, role: 'latest' | 'best' = 'latest') =>
  writeCheckpoint(db, { runId: 'r', step, role, sections: [tensors(step)], loopState });

test('only the two newest checkpoints are kept, and their bytes are the ones written', async () => {
  const db = await withRun();
  for (const step of [1, 2, 3, 4]) await write(db, step);
  expect((await db.getAll('checkpoints')).map(({ step }) => step)).toEqual([3, 4]);
  expect(new Set((await db.getAllKeys('weightParts')).map(([id]) => id)).size).toBe(2);
  const latest = await latestCheckpoint(db, 'r');
  expect(latest?.step).toBe(4);
  expect(await storedFloats(db, latest?.weightsId ?? '', 0, 2)).toEqual([4, 4]);
});

test('the best checkpoint by dev is kept beside the latest ones and replaced only by another best', async () => {
  const db = await withRun();
  await write(db, 1, 'best');
  for (const step of [2, 3, 4]) await write(db, step);
  expect(await keptCheckpoint(db, 'r')).toMatchObject({ step: 1 });
  await write(db, 5, 'best');
  expect(await keptCheckpoint(db, 'r')).toMatchObject({ step: 5 });
  expect((await db.getAll('checkpoints')).filter(({ role }) => role === 'best')).toHaveLength(1);
});

test('a checkpoint write that fails before its manifest leaves the old state, and its parts can be swept', async () => {
  const db = await withRun();
  await write(db, 1);
  async function* dying(): AsyncGenerator<Float32Array> {
    yield Promise.resolve(new Float32Array(17 * 1024 * 1024));
    throw new Error('killed');
  }
  await expect(
    writeCheckpoint(db, { runId: 'r', step: 2, role: 'latest', sections: [dying()], loopState }),
  ).rejects.toThrow('killed');
  expect(await db.count('weightParts')).toBe(2);
  expect((await latestCheckpoint(db, 'r'))?.step).toBe(1);
  expect(await sweepOrphanWeights(db, 'model')).toBe(0);
  expect(await sweepOrphanWeights(db, 'checkpoint')).toBe(1);
  expect(await db.count('weightParts')).toBe(1);
  expect((await latestCheckpoint(db, 'r'))?.step).toBe(1);
});

test('a damaged newest checkpoint falls back to the one before, and an error names it if all are damaged', async () => {
  const db = await withRun();
  await write(db, 1);
  const newest = await write(db, 2);
  await db.put('weightParts', { weightsId: newest.weightsId, part: 0, bytes: Float32Array.of(2, 9).buffer });
  expect((await latestCheckpoint(db, 'r'))?.step).toBe(1);
  for (const { weightsId } of await db.getAll('checkpoints'))
    await db.put('weightParts', { weightsId, part: 0, bytes: new ArrayBuffer(4) });
  await expect(latestCheckpoint(db, 'r')).rejects.toMatchObject({
    details: { kind: 'checkpoint-corrupt', generation: newest.generation },
  });
});

test('kept weights whose bytes do not match their hash are refused when they are read', async () => {
  const db = await withRun();
  const { weightsId, generation } = await write(db, 1);
  await db.put('weightParts', { weightsId, part: 0, bytes: Float32Array.of(1, 9).buffer });
  const read = async () => verifyParts(db, (await keptCheckpoint(db, 'r')).weights);
  await expect(read()).rejects.toMatchObject({ details: { kind: 'checkpoint-corrupt', generation } });
});

test('weights are split into parts of at most 32 MiB and read across part boundaries', async () => {
  const db = await fresh();
  const writer = new WeightWriter(db, 'w');
  const count = 9 * 1024 * 1024;
  await writer.write(Float32Array.from({ length: count }, (_, i) => i));
  await writer.write(Float32Array.of(-1));
  expect((await writer.finish()).bytes).toBe((count + 1) * 4);
  expect((await db.getAllKeys('weightParts')).length).toBe(2);
  const boundary = 8 * 1024 * 1024;
  expect(await storedFloats(db, 'w', boundary - 1, 3)).toEqual([boundary - 1, boundary, boundary + 1]);
  await expect(storedFloats(db, 'w', count, 3)).rejects.toMatchObject({ details: { kind: 'storage-failed' } });
});

test('events are numbered without gaps across concurrent writers and restarts', async () => {
  const db = await withRun('other');
  await Promise.all(
    [1, 2, 3].map((i) =>
      appendEvents(db, 'r', [
        { at: i, body: { type: 'phase', phase: 'train' } },
        { at: i, body: { type: 'phase', phase: 'done' } },
      ]),
    ),
  );
  await appendEvents(db, 'other', [{ at: 1, body: { type: 'phase', phase: 'done' } }]);
  expect((await readEvents(db, 'r')).map(({ seq }) => seq)).toEqual([0, 1, 2, 3, 4, 5]);
  expect((await readEvents(db, 'r', 4)).map(({ seq }) => seq)).toEqual([4, 5]);
});

test('deleting a run deletes its events, checkpoints and weights, and nothing else', async () => {
  const db = await withRun('s');
  await write(db, 1);
  await appendEvents(db, 'r', [{ at: 1, body: { type: 'phase', phase: 'done' } }]);
  await appendEvents(db, 's', [{ at: 1, body: { type: 'phase', phase: 'done' } }]);
  await deleteRun(db, 'r');
  expect([
    await db.count('runs'),
    await db.count('checkpoints'),
    await db.count('weightParts'),
    await db.count('runEvents'),
  ]).toEqual([1, 0, 0, 1]);
});
