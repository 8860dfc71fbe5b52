import { describe, expect, it } from 'vitest';
import type { Metrics } from '../../../src/domain/evaluate/metrics';
import { devHits, devTrend } from '../../../src/domain/train/devTrend';

function reading(step: number, hits: number, best: boolean) {
  const metrics: Metrics = {
    hitRateAt1: hits / 64,
    hitRateAt3: 0,
    hitRateAt5: 0,
    hitRateAt10: 0,
    recallAt10: 0,
    mrrAt10: 0,
    ndcgAt10: 0,
    questions: 64,
    passages: 288,
  };
  return { step, metrics, best };
}

describe('the trend on dev', () => {
  it('is open until dev has been evaluated during training', () => {
    expect(devTrend([], 'hitRateAt1')).toEqual({ kind: 'tooEarly' });
    expect(devTrend([reading(0, 15, false)], 'hitRateAt1')).toEqual({ kind: 'tooEarly' });
  });

  it('improves while the newest evaluation is the best', () => {
    const dev = [reading(0, 15, false), reading(25, 28, true), reading(50, 32, true)];
    expect(devTrend(dev, 'hitRateAt1')).toEqual({ kind: 'improving', bestStep: 50 });
  });

  it('has levelled off if an earlier evaluation is the best', () => {
    const dev = [reading(0, 15, false), reading(25, 28, true), reading(50, 28, false)];
    expect(devTrend(dev, 'hitRateAt1')).toEqual({ kind: 'levelled', bestStep: 25 });
  });

  it('shows no gain if the best trained step does not beat the evaluation before training', () => {
    const dev = [reading(0, 15, false), reading(25, 12, true), reading(50, 15, true)];
    expect(devTrend(dev, 'hitRateAt1')).toEqual({ kind: 'noGain' });
  });

  it('counts the questions whose first result is right', () => {
    expect(devHits([reading(0, 15, false)])).toBeNull();
    expect(devHits([reading(0, 15, false), reading(25, 35, true)])).toEqual({ before: 15, now: 35, of: 64 });
    const dev = [reading(0, 15, false), reading(25, 35, true), reading(50, 33, false)];
    expect(devHits(dev, 25), 'at the kept step').toEqual({ before: 15, now: 35, of: 64 });
  });
});
