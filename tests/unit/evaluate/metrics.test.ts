import { describe, expect, it } from 'vitest';
import { firstRank, mrrAtK } from '../../../src/domain/evaluate/metrics';

describe('the first rank', () => {
  it('of a question with 200,000 relevant passages is found', () => {
    const ranks = Array.from({ length: 200_000 }, (_, i) => 200_001 - i);
    expect(firstRank(ranks)).toBe(2);
    expect(mrrAtK(ranks, 10)).toBe(0.5);
    expect(firstRank([])).toBe(Infinity);
  });
});
