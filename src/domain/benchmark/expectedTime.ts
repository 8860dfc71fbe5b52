import type { StepWay } from '../memory/stepWay';
import type { EncoderConfig } from '../model';
import { benchmarkConfigs, type StepSpeed } from './benchmark';
import { forwardFlops, stepFlops } from './flops';

/** The amount of computation in a run of an experiment. */
export interface ExpectedWork {
  config: EncoderConfig;
  steps: number;
  /** For each stage: total tokens of all its steps, and the planned step strategy. */
  stages: { trainingTokens: number; way: StepWay['kind'] }[];
  /** Whether any stage uses mixed precision. The benchmark measures full precision only. */
  mixed: boolean;
  /** Tokens encoded per evaluation: the knowledge base and the questions. */
  encodingTokens: number;
  /** Number of evaluations. */
  evaluations: number;
  /** Mean tokens per text. */
  textTokens: number;
}

/**
 * Estimates the milliseconds of a run with its planned step strategies, from the speed of the benchmarked shape whose
 * hidden size is closest. Returns null if no usable shape was measured.
 */
export function expectedMs(work: ExpectedWork, steps: readonly StepSpeed[]): number | null {
  const { config, stages, encodingTokens, evaluations, textTokens } = work;
  const distance = ({ shape }: StepSpeed): number =>
    Math.abs(Math.log(benchmarkConfigs[shape].hiddenSize / config.hiddenSize));
  const like = steps.toSorted((a, b) => distance(a) - distance(b))[0];
  if (!like || !(like.gflops > 0)) return null;
  const training = stages.reduce(
    (sum, { trainingTokens, way }) => sum + stepFlops(config, trainingTokens, textTokens, way),
    0,
  );
  const encoding = evaluations * forwardFlops(config, encodingTokens, textTokens);
  return (training + encoding) / (like.gflops * 1e6);
}
