import type { DeviceArray } from '../arrays';

/**
 * Scores [Q, N] of a block of passages. Only the first `count` passages are real; the others are padding. `first` is
 * the row of the first passage.
 */
export interface ScoreBlock {
  scores: DeviceArray;
  count: number;
  first: number;
}
