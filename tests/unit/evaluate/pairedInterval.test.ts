import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pairedInterval, type Interval, type PairedCounts } from '../../../src/domain/evaluate/statistics';

const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/metrics/pairedIntervals.json', import.meta.url), 'utf8'),
) as (PairedCounts & Interval)[];

describe('the interval of the difference of two paired proportions', () => {
  it.each(golden)('is that of Wilson limits and a correlation for $both, $won, $lost, $neither', (counts) => {
    const { low, high } = pairedInterval(counts);
    expect(low).toBeCloseTo(counts.low, 12);
    expect(high).toBeCloseTo(counts.high, 12);
  });

  it('has the published bounds for the airways of 21 children before and after a transplant', () => {
    // Bentur et al. (2009), in Fagerland, Lydersen & Laake (2014), Statistics in Medicine 33, 2850–2875.
    const { low, high } = pairedInterval({ both: 1, won: 1, lost: 7, neither: 12 });
    expect([low.toFixed(3), high.toFixed(3)]).toEqual(['-0.507', '-0.026']);
  });

  it('has a width if no question changed, smaller with more questions, and covers all without any', () => {
    const widths = [10, 100, 1000].map((n) => pairedInterval({ both: n, won: 0, lost: 0, neither: n }).high);
    expect(widths.every((width) => width > 0)).toBe(true);
    expect(widths.toSorted((a, b) => b - a)).toEqual(widths);
    expect(pairedInterval({ both: 0, won: 0, lost: 0, neither: 0 })).toEqual({ low: -1, high: 1 });
  });
});
