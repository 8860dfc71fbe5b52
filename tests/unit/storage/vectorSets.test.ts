import 'fake-indexeddb/auto';
import { afterEach, expect, it, vi } from 'vitest';
import { listComparisons, putComparison, usesOfPart } from '../../../src/storage/comparisons';
import { reservedBytes } from '../../../src/storage/space';
import { getVectorSet, putVectorSet } from '../../../src/storage/vectorSets';
import { EncodedTexts } from '../../../workers/services/evaluate/encodedTexts';
import { keepVectors, readVectors } from '../../../workers/services/evaluate/keptVectors';
import { freshDatabase, storedExperiment } from './support';

afterEach(() => vi.unstubAllGlobals());

const set = { key: 'k', name: 'm', count: 2, width: 3, pieces: [], hashes: [], createdAt: 1 };

it('vectors that do not fit on the disk are not stored, which is no error', async () => {
  const db = await freshDatabase();
  const estimate = (free: number) => ({ usage: 0, quota: reservedBytes + free });
  vi.stubGlobal('navigator', { storage: { estimate: () => Promise.resolve(estimate(23)) } });
  expect(await putVectorSet(db, set)).toBe(false);
  expect(await getVectorSet(db, 'k')).toBeUndefined();
  vi.stubGlobal('navigator', { storage: { estimate: () => Promise.resolve(estimate(24)) } });
  expect(await putVectorSet(db, set)).toBe(true);
  expect(await getVectorSet(db, 'k')).toMatchObject({ count: 2 });
});

it('stored vectors are read with the same bits, but not if a piece is missing', async () => {
  const db = await freshDatabase();
  const vectors = new EncodedTexts(3, 2);
  vectors.set([0, 1, 2], Float32Array.of(1, -0, 0.1, 1e-30, 5, 6));
  await keepVectors(db, 'k', 'm', vectors);
  const row = new Float32Array(2);
  const read = await readVectors(db, 'k');
  read?.copyRow(1, row, 0);
  expect([read?.count, read?.width, ...row]).toEqual([3, 2, Math.fround(0.1), Math.fround(1e-30)]);
  expect(await readVectors(db, 'unknown')).toBeNull();
  await putVectorSet(db, { ...set, count: 3, width: 2 });
  expect(await readVectors(db, 'k')).toBeNull();
});

it('results are stored only for an existing experiment, and counted by part', async () => {
  const db = await freshDatabase();
  await db.put('experiments', storedExperiment('e'));
  const comparison = { experimentId: 'e', candidate: { kind: 'keywords' }, results: [], createdAt: 1 } as const;
  for (const [key, part] of Object.entries({ a: 'dev', b: 'test', c: 'test' } as const))
    await putComparison(db, { ...comparison, results: [], key, part, passagesPerSecond: null });
  const stored = await listComparisons(db, 'e');
  expect([usesOfPart(stored, 'test'), usesOfPart(stored, 'dev')]).toEqual([2, 1]);
  expect(await listComparisons(db, 'another')).toEqual([]);
  const gone = putComparison(db, {
    ...comparison,
    results: [],
    experimentId: 'gone',
    key: 'a',
    part: 'dev',
    passagesPerSecond: 1,
  });
  await expect(gone).rejects.toMatchObject({ details: { kind: 'not-found', what: 'experiment', id: 'gone' } });
});
