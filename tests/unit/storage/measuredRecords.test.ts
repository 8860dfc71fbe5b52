import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { noExclusions, type ChosenNegatives, type MinedScores } from '../../../src/domain/negatives/chooseNegatives';
import type { StoredKernelPlan } from '../../../src/domain/kernelTuning';
import type { Database } from '../../../src/storage/database';
import { getKernelPlan, putKernelPlan } from '../../../src/storage/kernelPlans';
import {
  getMinedNegatives,
  getMinedRecord,
  minedBytes,
  putMinedNegatives,
  putMinedRecord,
} from '../../../src/storage/minedNegatives';
import { freshDatabase } from './support';

/** Two pairs with two negatives each, in parts of larger arrays. */
function negatives(): ChosenNegatives & { scores: MinedScores } {
  return {
    perAnchor: 2,
    chosen: Int32Array.of(9, 4, 7, 0, 2, 9).subarray(1, 5),
    excluded: { ...noExclusions(), margin: 3 },
    refilled: 1,
    refilledRows: 1,
    scores: {
      positives: Float32Array.of(0, 0.75, 0.5).subarray(1),
      negatives: Float32Array.of(0.25, 0.5, -0.5, 0.125, 9).subarray(0, 4),
      ranks: Uint16Array.of(9, 3, 5, 0, 65_535).subarray(1),
      random: Float32Array.of(0.0625, 9).subarray(0, 1),
      candidates: 12,
    },
  };
}
async function stored(): Promise<Database> {
  const db = await freshDatabase();
  await putMinedNegatives(db, 'k', negatives());
  return db;
}

describe('stored mined negatives', () => {
  it('are read back unchanged, with their scores and counts', async () => {
    const db = await stored();
    expect(await getMinedNegatives(db, 'k')).toEqual(negatives());
    expect(await getMinedNegatives(db, 'other')).toBeUndefined();
    expect(await getMinedRecord(db, 'other')).toBeUndefined();
  });

  it('take the bytes of all their arrays', async () => {
    const record = await getMinedRecord(await stored(), 'k');
    expect(record && minedBytes(record)).toBe(4 * 4 + 2 * 4 + 4 * 4 + 4 * 2 + 1 * 4);
  });

  it.each(['chosen', 'positives', 'negatives', 'ranks', 'random'] as const)(
    'are not used once their array of %s is damaged',
    async (array) => {
      const db = await stored();
      const record = await getMinedRecord(db, 'k');
      if (!record) throw new Error('no record');
      const bytes = new Uint8Array(record[array].slice(0));
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      await putMinedRecord(db, { ...record, [array]: bytes.buffer });
      expect(await getMinedRecord(db, 'k')).toBeUndefined();
      expect(await getMinedNegatives(db, 'k')).toBeUndefined();
    },
  );

  it('of another database are stored under their own key', async () => {
    const record = await getMinedRecord(await stored(), 'k');
    if (!record) throw new Error('no record');
    const db = await freshDatabase();
    await putMinedRecord(db, record);
    expect(await getMinedNegatives(db, 'k')).toEqual(negatives());
  });
});

describe('a stored kernel plan', () => {
  it('is read by its key, with the time at which it was measured', async () => {
    const db = await freshDatabase();
    const plan: StoredKernelPlan = {
      plan: { backend: 'wasm', kernels: 1, matmul: {} },
      tuning: { products: [], unmeasured: 1, refused: { shaders: 0, bits: 2 } },
    };
    const before = Date.now();
    await putKernelPlan(db, 'adapter', plan);
    expect(await getKernelPlan(db, 'adapter')).toMatchObject({ ...plan, key: 'adapter' });
    expect((await db.get('kernelPlans', 'adapter'))?.measuredAt).toBeGreaterThanOrEqual(before);
    expect(await getKernelPlan(db, 'other')).toBeUndefined();
  });
});
