import { describe, expect, it } from 'vitest';
import { axisTicks, axisCeiling, scoreTicks } from '../../../src/ui/common/axis';

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

  it('of scores has few round ticks, 0 among them if it is on the axis', () => {
    const rounded = (...args: Parameters<typeof scoreTicks>) => scoreTicks(...args).map((tick) => +tick.toFixed(9));
    expect(rounded(-0.3, 0.52, 6)).toEqual([-0.2, 0, 0.2, 0.4]);
    expect(rounded(0.2, 0.6, 6)).toEqual([0.2, 0.3, 0.4, 0.5, 0.6]);
    expect(rounded(0.72, 0.96, 5)).toEqual([0.75, 0.8, 0.85, 0.9, 0.95]);
    expect(rounded(-1, 1, 2)).toEqual([-1, -0.5, 0, 0.5, 1]);
  });
});
