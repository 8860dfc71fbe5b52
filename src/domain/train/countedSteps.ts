import type { Stage } from '../experiment';
import type { TrainCounts } from './pairCounts';
import { pairsPerStep } from './batchingSchema';
import { dataOfStage, keepsTextsApart } from './stageData';
import { stepCount } from './stepCount';

/**
 * The steps of a run. `atMost`: there may be fewer, because an epoch may leave out pairs with repeated texts, which
 * only `planBatches` counts.
 */
export interface CountedSteps {
  steps: number;
  atMost: boolean;
}

/** Returns the number of steps, computed from counts of the pairs, or null if a stage lists its batches. */
export function countedSteps(
  stages: readonly Pick<Stage, 'batching' | 'duration' | 'data'>[],
  train: TrainCounts,
): CountedSteps | null {
  const total = { steps: 0, atMost: false };
  for (const stage of stages) {
    const { batching, duration } = stage;
    if (batching.kind === 'listed') return null;
    const { pairs, passages, anchors } = train[dataOfStage(stage)];
    total.steps += stepCount(pairs, pairsPerStep(batching), duration);
    const repeats = keepsTextsApart(stage) && Math.min(passages, anchors) < pairs;
    total.atMost ||= repeats && duration.unit === 'epochs';
  }
  return total;
}
