import { benchmarkConfigs, type StepSpeed } from './benchmark';
import type { ExpectedWork } from './expectedWork';
import { forwardFlops, stepFlops } from './flops';

/**
 * Estimates how many milliseconds a run takes with its planned step strategies, from the measured speed of the shape
 * with the closest hidden size. Returns null if no usable shape was measured.
 */
export function expectedMs(work: ExpectedWork, steps: readonly Pick<StepSpeed, 'shape' | 'gflops'>[]): number | null {
  const { config, stages, encodingTokens, evaluations, textTokens } = work;
  const distance = ({ shape }: Pick<StepSpeed, 'shape'>): number =>
    Math.abs(Math.log(benchmarkConfigs[shape].hiddenSize / config.hiddenSize));
  const like = steps.toSorted((a, b) => distance(a) - distance(b))[0];
  if (!like || !(like.gflops > 0)) return null;
  const training = stages.reduce(
    (sum, { trainingTokens, stepStrategy }) => sum + stepFlops(config, trainingTokens, textTokens, stepStrategy),
    0,
  );
  const encoding = evaluations * forwardFlops(config, encodingTokens, textTokens);
  return (training + encoding) / (like.gflops * 1e6);
}
