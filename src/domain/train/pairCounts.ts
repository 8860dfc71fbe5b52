import type { StageData } from './stageData';
import type { TrainRow } from './trainRows';

/** How many training pairs there are, and how many different passages and anchors they have. */
export interface PairCounts {
  pairs: number;
  passages: number;
  anchors: number;
}

/** Counts of the rows of each kind that a run can train on. */
export type TrainCounts = Record<StageData, PairCounts>;

/** Returns the counts by kind from those of a split. Repeated sentences of scored pairs are not counted. */
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
