import { benchmarkConfigs, type StepSpeed } from './benchmark';
import { expectedMs } from './expectedTime';
import type { ExpectedWork } from './expectedWork';
import { forwardFlops } from './flops';

/** The work of a run of the demo. A constant, so that nothing is loaded to estimate its time; a test computes it. */
export const demoWork: ExpectedWork = {
  config: benchmarkConfigs.demo,
  steps: 119,
  stages: [{ trainingTokens: 184_315, stepStrategy: 'plain' }],
  mixed: false,
  encodingTokens: 27_384,
  evaluations: 7,
  textTokens: 50.5,
};

/** Texts that the demo model encoded, with the time that took. */
export interface MeasuredEncoding {
  texts: number;
  tokens: number;
  ms: number;
}

/**
 * Estimates how many milliseconds a run of the demo takes: from the training steps of a benchmark or, without any, from
 * an encoding by the demo model. Returns null if nothing was measured.
 */
export function demoMs(steps: readonly StepSpeed[], encoding: MeasuredEncoding | null): number | null {
  const benchmarked = expectedMs(demoWork, steps);
  if (benchmarked !== null || !encoding) return benchmarked;
  const { texts, tokens, ms } = encoding;
  const gflops = forwardFlops(demoWork.config, tokens, tokens / Math.max(1, texts)) / ms / 1e6;
  return expectedMs(demoWork, [{ shape: 'demo', gflops }]);
}
