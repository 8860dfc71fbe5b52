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

  it.each([
    [47, 48, 1],
    [48, 25, 2],
    [95, 48, 2],
    [96, 25, 4],
    [512, 33, 16],
  ])('of texts of up to %i tokens has %i bins of width %i', (longest, bins, binWidth) => {
    const summary = summarizeLengths('anchors', Int32Array.of(longest, 1), 0);
    expect([summary.bins.length, summary.binWidth, summary.name]).toEqual([bins, binWidth, 'anchors']);
    expect([summary.bins.at(-1), summary.bins[Math.floor(1 / binWidth)]]).toEqual([1, 1]);
  });

  it('takes its quantiles from the texts in order of length', () => {
    const lengths = Int32Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) + 1);
    expect(summarizeLengths('anchors', lengths, 0)).toMatchObject({ median: 51, p95: 96, longest: 100 });
    expect(lengths[1]).toBe(38);
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
