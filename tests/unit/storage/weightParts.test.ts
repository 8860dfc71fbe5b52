import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { own } from '../../../src/domain/errorWords';
import type { Database } from '../../../src/storage/database';
import {
  readTensors,
  readWeights,
  sha256Of,
  verifyParts,
  weightPartBytes,
  type StoredRange,
  type StoredWeights,
} from '../../../src/storage/weightReader';
import { deleteWeights, hasWeights, WeightWriter } from '../../../src/storage/weights';
import { freshDatabase } from './support';

type Bytes = Uint8Array<ArrayBuffer>;
const bytesOf = (...values: number[]): Bytes => new Uint8Array(Float32Array.from(values).buffer);

/** Stores parts of any size, and lists them with their hashes. */
async function withParts(...parts: Bytes[]): Promise<{ db: Database; weights: StoredWeights }> {
  const db = await freshDatabase();
  for (const [part, bytes] of parts.entries())
    await db.put('weightParts', { weightsId: 'w', part, bytes: new Blob([bytes]) });
  const listed = await Promise.all(
    parts.map(async (bytes) => ({ bytes: bytes.length, sha256: await sha256Of(bytes) })),
  );
  return { db, weights: { weightsId: 'w', parts: listed } };
}
const threeParts = () => withParts(bytesOf(0, 1), bytesOf(2, 3, 4), bytesOf(5));
const put = (db: Database, part: number, bytes: Bytes): Promise<unknown> =>
  db.put('weightParts', { weightsId: 'w', part, bytes: bytes.buffer });

async function read(db: Database, weights: StoredWeights, ...ranges: [offset: number, length: number][]) {
  const found: [StoredRange, Float32Array][] = [];
  for await (const entry of readTensors(
    db,
    weights,
    ranges.map(([offset, length]) => ({ offset, length })),
  ))
    found.push(entry);
  return found;
}
const values = async (...args: Parameters<typeof read>): Promise<number[][]> =>
  (await read(...args)).map(([, tensor]) => [...tensor]);

const missing = (part: number): object => ({
  details: { kind: 'storage-failed', reason: own('part-missing', part, 'w') },
});

describe('tensors in listed parts', () => {
  it('are read in order, whether they lie in one part or in several', async () => {
    const { db, weights } = await threeParts();
    expect(await values(db, weights, [0, 1], [1, 1], [2, 3], [5, 1])).toEqual([[0], [1], [2, 3, 4], [5]]);
    expect(await values(db, weights, [0, 6])).toEqual([[0, 1, 2, 3, 4, 5]]);
    expect(await values(db, weights, [1, 2], [3, 3])).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    expect(await values(db, weights, [4, 2])).toEqual([[4, 5]]);
    expect(await values(db, weights, [2, 0], [2, 1])).toEqual([[], [2]]);
  });

  it('are returned with their ranges, as views of their part if one has them', async () => {
    const { db, weights } = await threeParts();
    const [[range, tensor] = []] = await read(db, weights, [1, 1]);
    expect([range, tensor?.byteOffset, tensor?.buffer.byteLength]).toEqual([{ offset: 1, length: 1 }, 4, 8]);
    const [[, copy] = []] = await read(db, weights, [1, 2]);
    expect(copy?.buffer.byteLength).toBe(8);
  });

  it('are none for no ranges, and are refused out of order', async () => {
    const { db, weights } = await threeParts();
    expect(await read(db, weights)).toEqual([]);
    await expect(read(db, weights, [1, 2], [2, 1])).rejects.toThrow(
      new RangeError('the ranges are not in ascending order'),
    );
  });

  it('are read without any part but their own', async () => {
    const { db, weights } = await threeParts();
    await put(db, 0, bytesOf(9));
    await put(db, 2, bytesOf(9, 9));
    expect(await values(db, weights, [2, 2], [4, 1])).toEqual([[2, 3], [4]]);
  });

  it.each<[string, Bytes]>([
    ['shorter', bytesOf(2, 3)],
    ['longer', bytesOf(2, 3, 4, 0)],
    ['changed', bytesOf(2, 3, 4.5)],
  ])('are refused if their part is %s than when it was written', async (_case, bytes) => {
    const { db, weights } = await threeParts();
    await put(db, 1, bytes);
    await expect(values(db, weights, [2, 1])).rejects.toMatchObject(missing(1));
    const checkpoint = { runId: 'r', generation: 4 };
    await expect(values(db, { ...weights, checkpoint }, [2, 1])).rejects.toMatchObject({
      details: { kind: 'checkpoint-corrupt', ...checkpoint },
    });
    await expect(verifyParts(db, weights)).rejects.toMatchObject(missing(1));
  });

  it('are refused if their part is missing, or is not listed', async () => {
    const { db, weights } = await threeParts();
    await expect(values(db, weights, [5, 2])).rejects.toMatchObject(missing(3));
    await db.delete('weightParts', ['w', 2]);
    await expect(values(db, weights, [5, 1])).rejects.toMatchObject(missing(2));
    await expect(verifyParts(db, weights)).rejects.toMatchObject(missing(2));
  });

  it('are all verified together, and an unlisted part is not', async () => {
    const { db, weights } = await threeParts();
    await put(db, 3, bytesOf(9));
    await expect(verifyParts(db, weights)).resolves.toBeUndefined();
    await expect(verifyParts(db, { weightsId: 'none' })).resolves.toBeUndefined();
  });
});

describe('tensors in unlisted parts of full size', () => {
  const partFloats = weightPartBytes / 4;

  it('are read across the end of a part, and without the parts before their own', async () => {
    const db = await freshDatabase();
    const first = new Float32Array(partFloats);
    first[partFloats - 1] = 5;
    await put(db, 0, new Uint8Array(first.buffer));
    await put(db, 1, bytesOf(6, 7));
    const weights = { weightsId: 'w' };
    expect(await values(db, weights, [partFloats - 1, 1], [partFloats, 2])).toEqual([[5], [6, 7]]);
    expect(await values(db, weights, [partFloats - 1, 2])).toEqual([[5, 6]]);
    expect(await hasWeights(db, 'w', weightPartBytes + 8)).toBe(true);
    expect(await hasWeights(db, 'w', weightPartBytes)).toBe(true);
    expect(await hasWeights(db, 'w', weightPartBytes + 4)).toBe(false);
    expect(await hasWeights(db, 'w', 2 * weightPartBytes + 4)).toBe(false);
    await db.delete('weightParts', ['w', 0]);
    expect(await values(db, weights, [partFloats, 1])).toEqual([[6]]);
    expect(await hasWeights(db, 'w', weightPartBytes + 8)).toBe(false);
    await expect(values(db, weights, [0, 1])).rejects.toMatchObject(missing(0));
  });

  it('are refused if their part is too short', async () => {
    const db = await freshDatabase();
    await put(db, 0, bytesOf(1, 2));
    await put(db, 1, bytesOf(3));
    await expect(values(db, { weightsId: 'w' }, [0, 1], [2, partFloats])).rejects.toMatchObject(missing(0));
  });
});

describe('stored weights', () => {
  it('are written as blobs, counted, read part by part and deleted', async () => {
    const db = await freshDatabase();
    const writer = new WeightWriter(db, 'w');
    await writer.write(Float32Array.of(9, 1, 2).subarray(1));
    await writer.write(Uint8Array.of(7));
    expect(await writer.finish()).toEqual({ bytes: 9 });
    const kept = new WeightWriter(db, 'v');
    await kept.write(Float32Array.of(3));
    await kept.finish();
    expect(await hasWeights(db, 'w', 9)).toBe(true);
    const pieces: number[][] = [];
    for await (const piece of readWeights(db, 'w')) pieces.push([...piece]);
    expect(pieces).toEqual([[...bytesOf(1, 2), 7]]);
    await put(db, 1, Uint8Array.of(8));
    for await (const piece of readWeights(db, 'w')) pieces.push([...piece]);
    expect(pieces.slice(1)).toEqual([[...bytesOf(1, 2), 7], [8]]);
    await deleteWeights(db, 'w');
    expect(await db.getAllKeys('weightParts')).toEqual([['v', 0]]);
  });

  it('have a SHA-256 of 64 digits', async () => {
    expect(await sha256Of(new TextEncoder().encode('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});
