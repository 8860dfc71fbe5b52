import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/domain/random';
import { drawnRows } from '../../src/domain/train/drawnRows';
import { eitherMask, lossMaskBits, maskOfOthers } from '../../workers/engine/losses/lossMask';
import { engineKinds, useEngines } from './engines';
import { norm } from './differences';
import { kernelsOf, width, type Matrix } from './lossRuns';
import { seededRandom } from './random';

useEngines();

const temperature = 0.2;
const [pairs, perAnchor] = [11, 3]; // 44 candidates: more than one word of the mask

function randomMatrix(rows: number, seed: number): Matrix {
  const random = seededRandom(seed);
  return { rows, values: Float32Array.from({ length: rows * width }, () => 2 * random() - 1) };
}

/** Computes the loss in float64, one candidate after the other. */
function naiveLoss(anchors: Matrix, candidates: Matrix, negativesOf: (anchor: number) => number[]): number {
  const row = ({ values }: Matrix, i: number): Float32Array => values.subarray(i * width, (i + 1) * width);
  const cosine = (i: number, j: number): number => {
    const [a, c] = [row(anchors, i), row(candidates, j)];
    return a.reduce((sum, x, e) => sum + x * (c[e] ?? NaN), 0) / (norm(a) * norm(c));
  };
  let sum = 0;
  for (let i = 0; i < pairs; i++) {
    const own = Math.exp(cosine(i, i) / temperature);
    const all = negativesOf(i).reduce((total, j) => total + Math.exp(cosine(i, j) / temperature), own);
    sum -= Math.log(own / all);
  }
  return sum / pairs;
}

describe('the negatives drawn in a batch', () => {
  const stream = (batch: number, stage = 0): RandomStream => new RandomStream(5, 'inBatchNegatives', stage, batch);

  it('are the given number of other rows, the same for equal seed, stage and batch, else different ones', () => {
    const drawn = drawnRows(pairs, 4, stream(0), null);
    for (const [row, others] of drawn.entries()) {
      expect(new Set(others).size).toBe(4);
      expect(others).not.toContain(row);
      expect(others.every((other) => other >= 0 && other < pairs)).toBe(true);
    }
    expect(drawnRows(pairs, 4, stream(0), null)).toEqual(drawn);
    expect(drawnRows(pairs, 4, stream(1), null)).not.toEqual(drawn);
    expect(drawnRows(pairs, 4, stream(0, 1), null)).not.toEqual(drawn);
  });

  it('are spread evenly over the other rows', () => {
    const counts = new Array<number>(5).fill(0);
    for (let batch = 0; batch < 2000; batch++)
      for (const other of drawnRows(5, 2, stream(batch), null)[2] ?? []) counts[other] = (counts[other] ?? 0) + 1;
    expect(counts[2]).toBe(0);
    for (const other of [0, 1, 3, 4]) expect(Math.abs((counts[other] ?? 0) - 1000)).toBeLessThan(100);
  });

  it('are never rows that are left out, and all other rows if there are too few', () => {
    const leftOut = Array.from({ length: 6 }, (_, row) => (row === 1 ? [0, 2, 3] : []));
    expect(drawnRows(6, 4, stream(0), leftOut)[1]).toEqual([4, 5]);
    const othersOfThree = [
      [1, 2],
      [0, 2],
      [0, 1],
    ];
    expect(drawnRows(3, 9, stream(0), null)).toEqual(othersOfThree);
  });

  it.each(engineKinds)('are what InfoNCE contrasts a question with, as a naive loop finds (%s)', async (kind) => {
    const anchors = randomMatrix(pairs, 1);
    const candidates = randomMatrix(pairs * (1 + perAnchor), 2);
    const known = Array.from({ length: pairs }, (_, row) => (row === 3 ? [5, pairs + 2] : []));
    const drawn = drawnRows(pairs, 4, stream(0), known);
    const mask = eitherMask(lossMaskBits(known, candidates.rows), maskOfOthers(drawn, candidates.rows));
    const options = { temperature, directions: 'queryToPassage' } as const;
    const measured = await kernelsOf(kind).infoNce(anchors, candidates, options, mask);
    const explicitOf = (row: number): number[] =>
      Array.from({ length: perAnchor }, (_, n) => pairs + row * perAnchor + n);
    const expected = naiveLoss(anchors, candidates, (row) =>
      [...explicitOf(row), ...(drawn[row] ?? []).flatMap((other) => [other, ...explicitOf(other)])].filter(
        (candidate) => !known[row]?.includes(candidate),
      ),
    );
    expect(Math.abs((measured.numbers[0] ?? NaN) - expected)).toBeLessThan(1e-5);
  });
});
