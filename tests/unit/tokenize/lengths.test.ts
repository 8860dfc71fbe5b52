import { describe, expect, it } from 'vitest';
import { summarizeLengths } from '../../../src/domain/tokenize/lengths';

describe('the summary of token lengths', () => {
  it('agrees with a count by hand', () => {
    const summary = summarizeLengths('knowledgeBase', Int32Array.from([5, 3, 9, 3, 100]), 1);
    expect(summary).toMatchObject({ texts: 5, truncated: 1, median: 5, p95: 100, longest: 100, binWidth: 4 });
    expect(summary.bins[0]).toBe(2);
    expect(summary.bins[1]).toBe(1);
    expect(summary.bins[2]).toBe(1);
    expect(summary.bins[25]).toBe(1);
    expect(summary.bins.reduce((sum, count) => sum + count, 0)).toBe(5);
  });

  it('is all zeros for no texts', () => {
    expect(summarizeLengths('knowledgeBase', new Int32Array(0), 0)).toMatchObject({
      texts: 0,
      median: 0,
      longest: 0,
      bins: [0],
    });
  });
});
