import { describe, expect, it } from 'vitest';
import type { StepReport } from '../../../src/domain/run';
import { scoreGap } from '../../../src/domain/train/scoreGap';

/** Returns a step's report; its positives score `gap` above its negatives. */
const report = (gap: number): StepReport => ({ positiveScore: 1, negativeScore: 1 - gap }) as StepReport;

describe('the gap between the scores of positives and negatives', () => {
  it('has nothing to compare with after the first step', () => {
    expect(scoreGap([report(0.25)])).toEqual({ now: 0.25, start: null });
  });

  it('compares the first half with the second until there are twenty steps', () => {
    expect(scoreGap([0, 0.5, 1].map(report))).toEqual({ now: 1, start: 0 });
    expect(scoreGap([0, 0.5, 0.5, 1].map(report))).toEqual({ now: 0.75, start: 0.25 });
  });

  it('compares the first ten steps with the last ten after that', () => {
    const gaps = Array.from({ length: 30 }, (_, i) => (i < 10 ? 0.25 : i < 20 ? 0.5 : 0.75));
    expect(scoreGap(gaps.map(report))).toEqual({ now: 0.75, start: 0.25 });
  });

  it('is unknown if the loss reports no scores', () => {
    expect(scoreGap([{} as StepReport])).toBeNull();
    expect(scoreGap([])).toBeNull();
  });
});
