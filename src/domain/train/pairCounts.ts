import type { StageData } from './stageData';
import type { TrainRow } from './trainRows';

/** The number of training pairs, and of their distinct passages and anchors. */
export interface PairCounts {
  pairs: number;
  passages: number;
  anchors: number;
}

/** Counts of the rows of each kind that a run can train on. */
export type TrainCounts = Record<StageData, PairCounts>;

/** Returns the counts of each kind of row in a split. Repeated sentences of scored pairs are not counted. */
export function trainCountsOf(split: {
  train: number;
  trainPassages: number;
  trainAnchors: number;
  scored: number;
}): TrainCounts {
  const { train, trainPassages, trainAnchors, scored } = split;
  return {
    pairs: { pairs: train, passages: trainPassages, anchors: trainAnchors },
    scoredPairs: { pairs: scored, passages: scored, anchors: scored },
  };
}

export function countPairs(pairs: readonly Omit<TrainRow, 'id'>[]): PairCounts {
  return {
    pairs: pairs.length,
    passages: new Set(pairs.map(({ positive }) => positive)).size,
    anchors: new Set(pairs.map(({ anchor }) => anchor)).size,
  };
}
