import type { TrainRow } from './trainRows';

/** How many training pairs there are, and how many different passages and anchors they have. */
export interface PairCounts {
  pairs: number;
  passages: number;
  anchors: number;
}

export function countPairs(pairs: readonly Omit<TrainRow, 'id'>[]): PairCounts {
  return {
    pairs: pairs.length,
    passages: new Set(pairs.map(({ positive }) => positive)).size,
    anchors: new Set(pairs.map(({ anchor }) => anchor)).size,
  };
}
