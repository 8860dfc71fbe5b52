import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { meanOf, tInterval } from '../../../src/domain/sweep/tInterval';

interface Golden {
  values: number[];
  mean: number;
  low: number;
  high: number;
}
const file = new URL('../../fixtures/sweep/golden.json', import.meta.url);
const cases = JSON.parse(readFileSync(file, 'utf8')) as Golden[];

describe('the t interval of a mean', () => {
  it.each(cases)('is that of scipy for $values.length values, $mean on average', ({ values, mean, low, high }) => {
    const interval = tInterval(values);
    expect(meanOf(values)).toBeCloseTo(mean, 12);
    expect(interval?.low).toBeCloseTo(low, 9);
    expect(interval?.high).toBeCloseTo(high, 9);
  });

  it('needs two values', () => {
    expect([tInterval([]), tInterval([0.5])]).toEqual([null, null]);
  });
});
