import { describe, expect, it } from 'vitest';
import { pairedDifferenceInterval } from '../../../src/domain/evaluate/statistics';

/**
 * The first pair of bounds is printed in Newcombe 1998 (0.0562 to 0.3290). All are computed with the Wilson intervals
 * of statsmodels 0.15.
 */
const cases = [
  [{ both: 20, before: 2, after: 12, neither: 16 }, 0.05615642484174821, 0.32920699540014053],
  [{ both: 20, before: 12, after: 2, neither: 16 }, -0.32920699540014053, -0.05615642484174821],
  [{ both: 2, before: 6, after: 5, neither: 1 }, -0.4682737603936483, 0.352698917722926],
  [{ both: 140, before: 10, after: 9, neither: 141 }, -0.032352200678928585, 0.025707291750354144],
  [{ both: 50, before: 0, after: 0, neither: 50 }, -0.019233693926800913, 0.019233693926800913],
  [{ both: 10, before: 0, after: 0, neither: 0 }, -0.27753279986288937, 0.27753279986288937],
] as const;

describe('the interval of a difference of paired proportions', () => {
  it.each(cases)('of %j is the one of Newcombe 1998, method 10', (counts, low, high) => {
    const interval = pairedDifferenceInterval(counts);
    expect(interval.low).toBeCloseTo(low, 12);
    expect(interval.high).toBeCloseTo(high, 12);
  });

  it('leaves everything open without questions', () => {
    expect(pairedDifferenceInterval({ both: 0, before: 0, after: 0, neither: 0 })).toEqual({ low: -1, high: 1 });
  });
});
