import type { Pair, ScoredPair } from '../records';
import { dataOfStage } from './stageData';
import type { Stage } from './stageSchema';

/** A row that a stage trains on: a pair, or two scored sentences, the second in the field of the positive. */
export interface TrainRow extends Pick<Pair, 'id' | 'anchor' | 'positive'> {
  /** Only in scored pairs. */
  score?: number;
}

/** The training rows of an experiment. */
export interface TrainRows {
  pairs: readonly Pair[];
  scoredPairs: readonly ScoredPair[];
}

/** Returns the rows that a stage trains on. */
export function rowsOfStage(stage: Pick<Stage, 'data'>, { pairs, scoredPairs }: TrainRows): readonly TrainRow[] {
  if (dataOfStage(stage) === 'pairs') return pairs;
  return scoredPairs.map(({ id, sentence1, sentence2, score }) => ({
    id,
    anchor: sentence1,
    positive: sentence2,
    score,
  }));
}
