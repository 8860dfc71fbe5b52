import type { AbovePositive } from '../domain/negatives/abovePositive';
import type { ExclusionCounts } from '../domain/negatives/chooseNegatives';
import type { ScoreBins } from '../domain/negatives/scoreBins';
import type { NegativeSource } from '../domain/train/negativesSchema';

/** An explicit negative. Rank and score are known only if it was mined. One drawn in its place has no rank. */
export interface ShownNegative {
  text: string;
  rank: number | null;
  score: number | null;
}

/** A training pair with its explicit negatives. */
export interface NegativesRow {
  pairId: string;
  anchor: string;
  positive: string;
  positiveScore: number | null;
  negatives: ShownNegative[];
  /** The teacher's scores that the file of the pairs gives the positive and each negative; null for one without. */
  teacherScores?: (number | null)[];
}

/** A pair with one negative, to be judged. Samples don't change when negatives are dropped. */
export interface NegativeSample extends Omit<NegativesRow, 'negatives' | 'teacherScores'> {
  /** See `JudgedPairs.idOf`. */
  id: string;
  negative: ShownNegative;
}

/** The explicit negatives of a stage, for display. */
export interface NegativesView {
  from: NegativeSource;
  pairs: number;
  excluded: ExclusionCounts;
  refilled: number;
  refilledRows: number;
  /** Counts of the scores of positives, mined negatives and random passages, in this order. Null if none were mined. */
  bins: ScoreBins | null;
  /**
   * Number of passages that score above the positive minus the margin, and of all that were compared. Null if none were
   * mined, or without a margin.
   */
  suspects: { found: number; of: number } | null;
  /** Mined negatives that score above the positive. Null if none were mined. */
  above: AbovePositive | null;
  samples: NegativeSample[];
}
