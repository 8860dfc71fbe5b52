import { describe, expect, it } from 'vitest';
import type { StepReport } from '../../../src/domain/run';
import { emptyRunView } from '../../../src/domain/train/runView';
import { lossAndRecall, thinned } from '../../../src/ui/common/curveData';

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
    const few = thinned(many);
    expect(few.length).toBeLessThanOrEqual(1501);
    expect(few[few.length - 1]?.step).toBe(10_001);
  });

  it('aligns loss and dev recall on the same steps', () => {
    const view = emptyRunView();
    const metrics = {
      hitRateAt1: 0.4,
      hitRateAt3: 0,
      hitRateAt5: 0,
      hitRateAt10: 0,
      recallAt10: 0.7,
      mrrAt10: 0,
      ndcgAt10: 0,
      questions: 1,
      passages: 1,
    };
    view.steps.push(step(1), step(2));
    view.dev.push({ step: 0, metrics, best: false }, { step: 2, metrics, best: true });
    expect(lossAndRecall(view)).toEqual({
      x: [0, 1, 2],
      series: [
        [null, 0.1, 0.2],
        [0.7, null, 0.7],
        [0.4, null, 0.4],
      ],
    });
  });
});
