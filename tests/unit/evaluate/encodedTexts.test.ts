import { describe, expect, it } from 'vitest';
import { EncodedTexts } from '../../../workers/services/evaluate/encodedTexts';
import { pickTexts, textBatchesByLength } from '../../../workers/services/evaluate/encodeTexts';

const rowsOf = (vectors: EncodedTexts, first: number, count: number): number[] => {
  const into = new Float32Array(count * vectors.width + 1);
  vectors.copyRows(first, count, into, 1);
  expect(into[0]).toBe(0);
  return [...into.subarray(1)];
};

describe('the vectors of encoded texts', () => {
  it('are found by the index of their text, in whatever order they come', () => {
    const vectors = new EncodedTexts(3, 2);
    vectors.set([2, 0], Float32Array.of(5, 6, 1, 2));
    expect(rowsOf(vectors, 0, 3)).toEqual([1, 2, 0, 0, 5, 6]);
    const into = new Float32Array(4);
    vectors.copyRow(2, into, 2);
    expect([...into]).toEqual([0, 0, 5, 6]);
  });

  it('count each text once, and tell which batches are done', () => {
    const vectors = new EncodedTexts(4, 1);
    expect([vectors.done, vectors.hasAll([0]), vectors.hasAll([])]).toEqual([0, false, true]);
    vectors.set([1, 3], Float32Array.of(1, 2));
    vectors.set([3], Float32Array.of(7));
    expect(vectors.done).toBe(2);
    expect([vectors.hasAll([1, 3]), vectors.hasAll([1, 2])]).toEqual([true, false]);
    expect(rowsOf(vectors, 3, 1)).toEqual([7]);
  });

  it('may be more than fit in one array', () => {
    const piece = 65_536;
    const vectors = new EncodedTexts(2 * piece + 1, 1);
    vectors.set([piece - 1, piece, 2 * piece - 1, 2 * piece], Float32Array.of(1, 2, 3, 4));
    expect(rowsOf(vectors, piece - 1, 2)).toEqual([1, 2]);
    const all = rowsOf(vectors, 1, 2 * piece);
    expect([all[piece - 2], all[piece - 1], all[2 * piece - 2], all[2 * piece - 1]]).toEqual([1, 2, 3, 4]);
    const one = new Float32Array(1);
    vectors.copyRow(2 * piece, one, 0);
    expect(one[0]).toBe(4);
  });

  it('of a text beyond the last one are refused', () => {
    const vectors = new EncodedTexts(3, 1);
    expect(() => vectors.copyRow(65_536, new Float32Array(1), 0)).toThrow('text index 65536 is out of range: 3 texts');
  });
});

describe('texts are encoded in batches', () => {
  const lengths = (...counts: number[]): Uint32Array => {
    const offsets = [0];
    for (const count of counts) offsets.push((offsets.at(-1) ?? 0) + count);
    return Uint32Array.from(offsets);
  };
  const batches = (offsets: Uint32Array, tokensPerBatch: number, textsPerBatch: number): number[][] =>
    textBatchesByLength(offsets, { tokensPerBatch, textsPerBatch });

  it('of similar length, texts of equal length in their order', () => {
    expect(batches(lengths(5, 2, 9, 2), 100, 2)).toEqual([
      [1, 3],
      [0, 2],
    ]);
  });

  it('with at most as many tokens as the plan allows, unless one text alone has more', () => {
    expect(batches(lengths(3, 3, 4, 20), 6, 9)).toEqual([[0, 1], [2], [3]]);
    expect(batches(lengths(3, 3, 4), 10, 9)).toEqual([[0, 1, 2]]);
  });

  it('but in none if there are no texts', () => {
    expect(batches(lengths(), 6, 9)).toEqual([]);
  });

  it('with the tokens of their texts one after the other', () => {
    const set = { ids: Int32Array.of(1, 2, 3, 4, 5, 6), offsets: lengths(1, 2, 3) };
    const picked = pickTexts(set, [2, 0]);
    expect([[...picked.ids], [...picked.offsets]]).toEqual([
      [4, 5, 6, 1],
      [0, 3, 4],
    ]);
    expect(pickTexts(set, []).ids).toHaveLength(0);
  });
});
