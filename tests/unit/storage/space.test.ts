import 'fake-indexeddb/auto';
import { afterEach, expect, it, vi } from 'vitest';
import type { RunRecord } from '../../../src/domain/run';
import { checkpointBytesOfRun } from '../../../src/domain/train/checkpointBytes';
import { latestCheckpoint, takeCheckpointSnapshot, writeSnapshot } from '../../../src/storage/checkpoints';
import { openDatabase } from '../../../src/storage/database';
import { requireStorage, reservedBytes } from '../../../src/storage/space';
import { WeightWriter } from '../../../src/storage/weights';
import { encoderLayout } from '../../../workers/services/import/encoderTensors';
import { importDataset } from '../../../workers/services/import/importDataset';
import { importModel } from '../../../workers/services/import/importModel';
import { config, tinyFolder } from '../import/tinyModel';

const withFree = (freeBytes: number | undefined) =>
  vi.stubGlobal('navigator', {
    storage: { estimate: () => Promise.resolve(freeBytes === undefined ? {} : { usage: 7, quota: 7 + freeBytes }) },
  });

afterEach(() => void vi.unstubAllGlobals());

it('storage is refused with numbers if the reserve would not stay free', async () => {
  withFree(reservedBytes + 100);
  await requireStorage(100);
  await expect(requireStorage(101)).rejects.toMatchObject({
    details: { kind: 'quota-exceeded', neededBytes: 101, freeBytes: 100 },
  });
  withFree(undefined);
  await requireStorage(1e15);
});

it('a checkpoint without room is refused before a byte of it is stored', async () => {
  const db = await openDatabase(`space-${crypto.randomUUID()}`);
  await db.put('runs', { runId: 'r' } as RunRecord);
  async function* section() {
    yield Promise.resolve(new Float32Array(25));
  }
  const loopState = { bestDev: null, bestStep: null, elapsedMs: 0 };
  const snapshot = () =>
    takeCheckpointSnapshot({ runId: 'r', step: 1, role: 'latest', sections: [section()], loopState });
  withFree(reservedBytes + 99);
  await expect(writeSnapshot(db, await snapshot())).rejects.toMatchObject({
    details: { kind: 'quota-exceeded', neededBytes: 100, freeBytes: 99 },
  });
  expect([await db.count('weightParts'), await latestCheckpoint(db, 'r')]).toEqual([0, undefined]);
  withFree(reservedBytes + 100);
  await writeSnapshot(db, await snapshot());
  expect(await latestCheckpoint(db, 'r')).toMatchObject({ step: 1 });
});

it('weights that exceed the free space are refused before any part is stored', async () => {
  const db = await openDatabase(`space-${crypto.randomUUID()}`);
  withFree(reservedBytes);
  const writer = new WeightWriter(db, 'model-x');
  await writer.write(new Float32Array(1));
  await expect(writer.finish()).rejects.toMatchObject({ details: { kind: 'quota-exceeded', neededBytes: 4 } });
  expect(await db.count('weightParts')).toBe(0);
});

it('a run needs room for three checkpoints with moments, and for two of the best weights', () => {
  expect(checkpointBytesOfRun(10, false)).toBe(3 * 3 * 40);
  expect(checkpointBytesOfRun(10, true)).toBe(3 * 3 * 40 + 2 * 40);
});

it('an import without room is refused before its file is read', async () => {
  const db = await openDatabase(`space-${crypto.randomUUID()}`);
  const file = new File(['{"text":"段"}'], 'kb.jsonl');
  const importing = () => importDataset(db, [file], 'knowledgeBase', () => undefined);
  withFree(reservedBytes + 2 * file.size - 1);
  await expect(importing()).rejects.toMatchObject({
    details: { kind: 'quota-exceeded', neededBytes: 2 * file.size, freeBytes: 2 * file.size - 1 },
  });
  expect([await db.count('datasets'), await db.count('datasetBlocks')]).toEqual([0, 0]);
  withFree(reservedBytes + 2 * file.size);
  expect((await importing()).dataset.rows).toBe(1);
});

it('a model without room is refused before one of its tensors is stored', async () => {
  const db = await openDatabase(`space-${crypto.randomUUID()}`);
  const neededBytes = encoderLayout(config).totalFloats * 4;
  let tensors = 0;
  withFree(reservedBytes + neededBytes - 1);
  const importing = importModel(await tinyFolder(), 'm', () => void (tensors += 1), db);
  await expect(importing).rejects.toMatchObject({
    details: { kind: 'quota-exceeded', neededBytes, freeBytes: neededBytes - 1 },
  });
  expect([tensors, await db.count('weightParts')]).toEqual([0, 0]);
});
