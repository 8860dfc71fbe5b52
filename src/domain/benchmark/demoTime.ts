import type { DeviceInfo } from '../device';
import { deviceIdentity } from '../deviceIdentity';
import { benchmarkConfigs, type BenchmarkResult } from './benchmark';
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

/** Texts that the demo model encoded on a device, with the time that took. */
export interface MeasuredEncoding {
  device: DeviceInfo;
  texts: number;
  tokens: number;
  ms: number;
}

/** What was measured since the page was opened. */
export interface Measured {
  benchmark: Pick<BenchmarkResult, 'device' | 'brief' | 'steps'> | null;
  encoding: MeasuredEncoding | null;
}

/**
 * Estimates how many milliseconds a run of the demo takes on a device: from the demo's training step in a full
 * benchmark of that device or, without one, from an encoding by the demo model on it. Returns null if neither was
 * measured.
 */
export function demoMs({ benchmark, encoding }: Measured, device: DeviceInfo): number | null {
  const isHere = (measured: { device: DeviceInfo }): boolean =>
    deviceIdentity(measured.device) === deviceIdentity(device);
  if (benchmark && !benchmark.brief && isHere(benchmark)) {
    const steps = benchmark.steps.filter(({ shape }) => shape === 'demo');
    const benchmarked = expectedMs(demoWork, steps);
    if (benchmarked !== null) return benchmarked;
  }
  if (!encoding || !isHere(encoding)) return null;
  const { texts, tokens, ms } = encoding;
  const gflops = forwardFlops(demoWork.config, tokens, tokens / Math.max(1, texts)) / ms / 1e6;
  return expectedMs(demoWork, [{ shape: 'demo', gflops }]);
}
