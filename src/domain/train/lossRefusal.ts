import type { AppErrorDetails } from '../errors';
import type { Stage } from '../experiment';

/** What a stage's loss can use: explicit negatives per question, and the length of the model's vectors. */
export interface LossInputs {
  explicitNegatives: number;
  /** Null if the model is not known. */
  dimension: number | null;
}

/**
 * Returns why a stage's loss can't be computed, or null: it needs explicit negatives that the data lacks, can't use
 * those that the stage trains on, or has a prefix that is longer than the model's vectors.
 */
export function lossRefusal(
  { loss }: Pick<Stage, 'loss'>,
  stage: number,
  { explicitNegatives, dimension }: LossInputs,
): AppErrorDetails | null {
  if (loss.kind === 'sigmoidPairs')
    return explicitNegatives > 0 ? { kind: 'loss-takes-pairs', stage, negatives: explicitNegatives } : null;
  const needsNegatives = (loss.contrast ?? 'batch') !== 'batch' || loss.hardness?.mode === 'explicit';
  if (needsNegatives && explicitNegatives === 0) return { kind: 'loss-needs-negatives', stage };
  const longest = (loss.matryoshka ?? []).reduce((most, prefix) => Math.max(most, prefix.dimension), 0);
  if (dimension !== null && longest > dimension) return { kind: 'prefix-too-long', stage, prefix: longest, dimension };
  return null;
}

/** Explicit negatives per question that a stage trains on. Training does not use those of the rows yet. */
export const explicitNegatives = 0;
