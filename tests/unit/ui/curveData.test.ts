import { describe, expect, it } from 'vitest';
import type { StepReport } from '../../../src/domain/run';
import { emptyRunView } from '../../../src/domain/train/runView';
import { smoothedCurve, thinnedCurve } from '../../../src/ui/common/curveData';
import { runPictureColumns, runPictureData } from '../../../src/ui/train/runPictureData';

describe('the curve data', () => {
  const step = (number: number): StepReport => ({
    step: number,
    stage: 0,
    epoch: 0,
    loss: number / 10,
    learningRate: 0,
    gradientNorm: 0,
    inBatchAccuracy: 0,
    positiveScore: 0,
    negativeScore: 0,
    tokens: 0,
    stepMs: 0,
    backendBytes: 0,
  });

  it('is thinned to about 1,500 points and always includes the newest step', () => {
    const many = Array.from({ length: 10_001 }, (_, i) => step(i + 1));
    const few = thinnedCurve(many);
    expect(few.length).toBeLessThanOrEqual(1501);
    expect(few[few.length - 1]?.step).toBe(10_001);
  });

  it('aligns loss and dev hit rates on the same steps', () => {
    const view = emptyRunView();
    const metrics = {
      hitRateAt1: 0.4,
      hitRateAt3: 0,
      hitRateAt5: 0,
      hitRateAt10: 0.7,
      recallAt10: 0,
      mrrAt10: 0,
      ndcgAt10: 0,
      questions: 10,
      passages: 1,
    };
    view.steps.push(step(1), step(2));
    view.dev.push({ step: 0, metrics, best: false }, { step: 2, metrics, best: true });
    const picture = runPictureData(view);
    expect(picture.steps).toEqual([1, 2]);
    const { x, series } = runPictureColumns(picture);
    expect(x).toEqual([0, 1, 2]);
    expect(series[0]).toEqual([null, 0.1, 0.2]);
    expect(series[2]).toEqual([0.4, null, 0.4]);
    expect(series[3]).toEqual([0.7, null, 0.7]);
  });

  it('smooths the loss without a bias towards 0 at the start, and skips values that are not finite', () => {
    expect(smoothedCurve([2, 2, 2]).map((value) => Number(value.toFixed(9)))).toEqual([2, 2, 2]);
    const [first, second, third] = smoothedCurve([1, NaN, 3], 0.5);
    expect(first).toBe(1);
    expect(second).toBe(1);
    expect(third).toBeCloseTo((0.5 * 0.5 * 1 + 0.5 * 3) / 0.75);
    const noisy = [4, 0, 4, 0, 4, 0, 4, 0];
    const spread = (values: number[]): number => Math.max(...values) - Math.min(...values);
    expect(spread(smoothedCurve(noisy).slice(2))).toBeLessThan(spread(noisy) / 2);
  });
});
