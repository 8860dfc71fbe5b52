import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { sha256Stream } from '../../../src/domain/hash';
import {
  keptCheckpoint,
  latestCheckpoint,
  loadNewestCheckpoint,
  weightsOfCheckpoint,
  writeCheckpoint,
} from '../../../src/storage/checkpoints';
import { openDatabase, type Database } from '../../../src/storage/database';
import { putRun } from '../../../src/storage/runs';
import { readTensors, weightPartBytes, type StoredRange, type StoredWeights } from '../../../src/storage/weightReader';
import { WeightWriter } from '../../../src/storage/weights';
import { countingReads } from './storedFloats';

const loopState = { bestDev: null, bestStep: null, elapsedMs: 0 };
const partFloats = weightPartBytes / 4;

const fresh = (): Promise<Database> => openDatabase(`test-${crypto.randomUUID()}`);

/** Returns tensors of 3.5 MiB each, some of which extend across the end of a part. */
function layout(tensors: number): StoredRange[] {
  const length = 3.5 * 2 ** 18;
  return Array.from({ length: tensors }, (_, i) => ({ offset: i * length, length }));
}

function valuesOf({ offset, length }: StoredRange, add = 0): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = ((offset + i) % 8191) + add;
  return values;
}

async function* section(ranges: readonly StoredRange[], add = 0): AsyncGenerator<Float32Array> {
  for (const range of ranges) yield Promise.resolve(valuesOf(range, add));
}

async function expectTensors(db: Database, weights: StoredWeights, ranges: readonly StoredRange[], add = 0) {
  let seen = 0;
  for await (const [range, values] of readTensors(db, weights, ranges)) {
    seen += 1;
    const expected = valuesOf(range, add);
    expect(Buffer.compare(Buffer.from(values.slice().buffer), Buffer.from(expected.buffer))).toBe(0);
  }
  expect(seen).toBe(ranges.length);
}

async function withCheckpoint(ranges: readonly StoredRange[], runId = 'r'): Promise<Database> {
  const db = await fresh();
  const record = { experimentHash: '', build: '', device: null, devicePreference: 'wasm', kernelPlan: '' } as const;
  const state = { status: 'running', phase: 'train', step: 0, steps: 10, createdAt: 1 } as const;
  await putRun(db, { runId, experimentId: 'e', experiment: defaultExperiment(), ...record, ...state });
  const sections = [section(ranges), section(ranges, 1), section(ranges, 2)];
  await writeCheckpoint(db, { runId, step: 3, role: 'latest', sections, loopState });
  return db;
}

test('loading a model reads each of its bytes once, even if tensors span several parts', async () => {
  const ranges = layout(12);
  const { db, bytes } = countingReads(await fresh());
  const writer = new WeightWriter(db, 'w');
  for await (const tensor of section(ranges)) await writer.write(tensor);
  const written = (await writer.finish()).bytes;
  expect(written).toBeGreaterThan(weightPartBytes);
  await expectTensors(db, { weightsId: 'w' }, ranges);
  expect(bytes.read / written).toBeLessThanOrEqual(1.05);
});

test('kept weights and a resumed state are verified as they are loaded, and read once', async () => {
  const ranges = layout(2);
  const total = 2 * 3.5 * 2 ** 20;
  const { db, bytes } = countingReads(await withCheckpoint(ranges));
  await expectTensors(db, (await keptCheckpoint(db, 'r')).weights, ranges);
  expect(bytes.read / total).toBeLessThanOrEqual(1.05);
  bytes.read = 0;
  await loadNewestCheckpoint(db, 'r', async (checkpoint) => {
    const weights = weightsOfCheckpoint(checkpoint);
    await expectTensors(db, weights, ranges);
    const second = ranges.map(({ offset, length }) => ({ offset: offset + total / 4, length }));
    let first: Float32Array | undefined;
    for await (const [, values] of readTensors(db, weights, second)) first ??= values;
    expect(first?.[0]).toBe(1);
  });
  expect(bytes.read / (2 * total)).toBeLessThanOrEqual(1.05);
});

test('a changed byte in a checkpoint is detected while its weights are loaded', async () => {
  const db = await withCheckpoint(layout(1));
  const { weights } = await keptCheckpoint(db, 'r');
  const stored = await db.get('weightParts', [weights.weightsId, 0]);
  if (!(stored?.bytes instanceof Blob)) throw new Error('no blob');
  const changed = new Uint8Array(await stored.bytes.arrayBuffer());
  changed[7] = (changed[7] ?? 0) ^ 1;
  await db.put('weightParts', { ...stored, bytes: new Blob([changed]) });
  await expect(expectTensors(db, weights, layout(1))).rejects.toMatchObject({
    details: { kind: 'checkpoint-corrupt', runId: 'r', generation: 0 },
  });
});

test('weights and checkpoints stored as array buffers by earlier versions still load', async () => {
  const db = await withCheckpoint(layout(1));
  const ranges = [
    { offset: 0, length: partFloats - 64 },
    { offset: partFloats - 64, length: 128 },
  ];
  const all = valuesOf({ offset: 0, length: partFloats + 64 });
  for (const part of [0, 1]) {
    const bytes = all.slice(part * partFloats, (part + 1) * partFloats).buffer;
    await db.put('weightParts', { weightsId: 'old', part, bytes });
  }
  const old = { runId: 'r', generation: 9, step: 7, weightsId: 'old', floats: all.length, role: 'latest' } as const;
  const sha256 = await sha256Stream([all]);
  await db.put('checkpoints', { ...old, sha256, loopState, createdAt: 1 });
  expect(await latestCheckpoint(db, 'r')).toMatchObject({ step: 7 });
  await expectTensors(db, (await keptCheckpoint(db, 'r')).weights, ranges);
  await db.put('checkpoints', { ...old, sha256: 'a'.repeat(64), loopState, createdAt: 1 });
  expect(await latestCheckpoint(db, 'r')).toMatchObject({ step: 3 });
  await expect(keptCheckpoint(db, 'r')).rejects.toMatchObject({
    details: { kind: 'checkpoint-corrupt', generation: 9 },
  });
});
