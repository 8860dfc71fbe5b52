import { describe, expect, it } from 'vitest';
import { firstLossScale, nextLossScale, type LossScale } from '../../../src/domain/train/lossScale';

/** Returns the scale after these steps, each with or without an overflow, or null if the scale would fall below 1. */
function after(state: LossScale | null, overflows: readonly boolean[]): LossScale | null {
  return overflows.reduce<LossScale | null>((scale, overflowed) => scale && nextLossScale(scale, overflowed), state);
}
const good = (steps: number): boolean[] => Array.from({ length: steps }, () => false);
const bad = (steps: number): boolean[] => Array.from({ length: steps }, () => true);

describe('the loss scale', () => {
  it('starts at 65,536 and doubles after 200 good steps, not before', () => {
    expect(after(firstLossScale(), good(199))).toEqual({ scale: 65_536, goodSteps: 199, skipped: 0 });
    expect(after(firstLossScale(), good(200))).toEqual({ scale: 131_072, goodSteps: 0, skipped: 0 });
    expect(after(firstLossScale(), good(401))).toEqual({ scale: 262_144, goodSteps: 1, skipped: 0 });
  });

  it('halves on overflow, counts the skipped step and restarts the count of good steps', () => {
    expect(after(firstLossScale(), [...good(199), true])).toEqual({ scale: 32_768, goodSteps: 0, skipped: 1 });
    expect(after(firstLossScale(), [...good(199), true, ...good(199)])).toMatchObject({
      scale: 32_768,
      goodSteps: 199,
    });
  });

  it('falls to 1 after 16 overflows and is null after one more', () => {
    expect(after(firstLossScale(), bad(16))).toEqual({ scale: 1, goodSteps: 0, skipped: 16 });
    expect(after(firstLossScale(), bad(17))).toBeNull();
  });

  it('rises again after overflows', () => {
    expect(after(firstLossScale(), [...bad(2), ...good(200)])).toEqual({ scale: 32_768, goodSteps: 0, skipped: 2 });
  });
});
