import { describe, expect, it } from 'vitest';
import type { StepSpeed } from '../../../src/domain/benchmark/benchmark';
import { demoMs, demoWork } from '../../../src/domain/benchmark/demoTime';
import { forwardFlops, stepFlops } from '../../../src/domain/benchmark/flops';

const { config, encodingTokens, evaluations, textTokens } = demoWork;
const trainingFlops = stepFlops(config, demoWork.stages[0]?.trainingTokens ?? NaN, textTokens);
const encodingFlops = evaluations * forwardFlops(config, encodingTokens, textTokens);

describe('the expected time of the demo', () => {
  it('is unknown until something was measured', () => {
    expect(demoMs([], null)).toBeNull();
  });

  it('follows from the speed at which the demo model encoded texts', () => {
    const tokens = 10_000;
    const encoding = { texts: 100, tokens, ms: forwardFlops(config, tokens, 100) / 20e6 };
    expect(demoMs([], encoding)).toBeCloseTo((trainingFlops + encodingFlops) / 20e6, 6);
  });

  it('prefers measured training steps', () => {
    const steps = [{ shape: 'demo', gflops: 40 }] as StepSpeed[];
    expect(demoMs(steps, { texts: 1, tokens: 10, ms: 1 })).toBeCloseTo((trainingFlops + encodingFlops) / 40e6, 6);
  });
});
