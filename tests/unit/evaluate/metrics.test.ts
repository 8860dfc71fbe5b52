import { describe, expect, it } from 'vitest';
import { averagePrecisionAtK, firstRank, mrrAtK } from '../../../src/domain/evaluate/metrics';

describe('the first rank', () => {
  it('of a question with 200,000 relevant passages is found', () => {
    const ranks = Array.from({ length: 200_000 }, (_, i) => 200_001 - i);
    expect(firstRank(ranks)).toBe(2);
    expect(mrrAtK(ranks, 10)).toBe(0.5);
    expect(firstRank([])).toBe(Infinity);
  });
});

describe('the average precision in the first k places', () => {
  it('sums the precisions at the places of relevant passages, whatever their order', () => {
    expect(averagePrecisionAtK([5, 1, 2], 10)).toBeCloseTo((1 / 1 + 2 / 2 + 3 / 5) / 3, 15);
    expect(averagePrecisionAtK([10], 10)).toBe(0.1);
  });

  it('counts a relevant passage beyond these places as missed', () => {
    expect(averagePrecisionAtK([1, 11], 10)).toBe(0.5);
    expect(averagePrecisionAtK([11], 10)).toBe(0);
  });

  it('can reach 1 with more relevant passages than places, and is 0 without any', () => {
    expect(averagePrecisionAtK([1, 2, 3], 2)).toBe(1);
    expect(averagePrecisionAtK([], 10)).toBe(0);
  });
});
