import { describe, expect, it } from 'vitest';
import { fillMatrix, pickedVectors, vectorsInOnePiece } from '../../workers/engine/retrieval/vectors';
import { EncodedTexts } from '../../workers/services/evaluate/encodedTexts';

/** Returns vectors [n, 2] whose numbers are 2·row and 2·row + 1. */
const counting = (n: number) =>
  vectorsInOnePiece(
    Float32Array.from({ length: 2 * n }, (_, i) => i),
    2,
  );

describe('vectors on the host', () => {
  it('are copied row by row and in runs with equal results, whatever their order', () => {
    const order = [3, 4, 5, 0, 2, 1, 6];
    const picked = pickedVectors(counting(7), 7, (row) => order[row] ?? 0);
    const [inRuns, byRow] = [new Float32Array(10), new Float32Array(10)];
    fillMatrix(picked, { first: 1, count: 5 }, 2, inRuns);
    fillMatrix(picked, [1, 2, 3, 4, 5], 2, byRow);
    expect([...inRuns]).toEqual([8, 9, 10, 11, 0, 1, 4, 5, 2, 3]);
    expect(byRow).toEqual(inRuns);
  });

  it('zero the extra columns and rows of a reused buffer', () => {
    const into = new Float32Array(12).fill(NaN);
    fillMatrix(counting(3), [2, 0], 4, into);
    expect([...into]).toEqual([4, 5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  });

  it('are copied across the pieces of a large knowledge base', () => {
    const count = 65_536 + 3;
    const texts = new EncodedTexts(count, 1);
    texts.set(
      Array.from({ length: count }, (_, i) => i),
      Float32Array.from({ length: count }, (_, i) => i),
    );
    const into = new Float32Array(5);
    texts.copyRows(65_534, 5, into, 0);
    expect([...into]).toEqual([65_534, 65_535, 65_536, 65_537, 65_538]);
  });
});
