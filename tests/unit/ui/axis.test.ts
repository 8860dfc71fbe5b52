import { describe, expect, it } from 'vitest';
import { axisTicks, axisCeiling } from '../../../src/ui/common/axis';

describe('the axis of a chart', () => {
  it('ends at a round number that no value exceeds', () => {
    expect([0.93, 1, 1.3, 2.2, 4.4, 7, 0.03].map(axisCeiling)).toEqual([1, 1, 2, 2.5, 5, 10, 0.05]);
    expect(axisCeiling(0)).toBe(1);
    expect(axisCeiling(NaN)).toBe(1);
  });

  it('has few whole ticks and leaves room for the label of its end', () => {
    expect(axisTicks(119, 5)).toEqual([0, 25, 50, 75, 100]);
    expect(axisTicks(3, 5)).toEqual([0, 1, 2]);
    expect(axisTicks(1, 5)).toEqual([0]);
    expect(axisTicks(100_000, 4)).toEqual([0, 25_000, 50_000, 75_000]);
  });
});
