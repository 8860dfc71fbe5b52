import type { Stage } from '../experiment';
import type { PairCounts } from './pairCounts';
import { pairsPerStep } from './batchingSchema';
import { stepCount } from './stepCount';

/** The steps of a run. `atMost`: epochs may leave out pairs with repeated texts, which only `planBatches` counts. */
export interface CountedSteps {
  steps: number;
  atMost: boolean;
}

/** Returns the number of steps that follows from counts of the pairs, or null if a stage lists its batches. */
export function countedSteps(
  stages: readonly Pick<Stage, 'batching' | 'duration'>[],
  { pairs, passages, anchors }: PairCounts,
): CountedSteps | null {
  const total = { steps: 0, atMost: false };
  for (const { batching, duration } of stages) {
    if (batching.kind === 'listed') return null;
    total.steps += stepCount(pairs, pairsPerStep(batching), duration);
    const repeats = batching.avoidDuplicatePassages && Math.min(passages, anchors) < pairs;
    total.atMost ||= repeats && duration.unit === 'epochs';
  }
  return total;
}
