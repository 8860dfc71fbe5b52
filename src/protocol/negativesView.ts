import type { AbovePositive } from '../domain/negatives/abovePositive';
import type { ExclusionCounts } from '../domain/negatives/chooseNegatives';
import type { ScoreBins } from '../domain/negatives/scoreBins';
import type { NegativeSource } from '../domain/train/negativesSchema';

/** An explicit negative. Only a mined one has a rank and a score. One drawn at random in its place has no rank. */
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
  /** The file's teacher scores of the positive and each negative; null for a text without a score. */
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
   * How many of the compared passages score above the positive minus the margin. Null if none were mined, or there is
   * no margin.
   */
  suspects: { found: number; of: number } | null;
  /** Mined negatives that score above the positive. Null if none were mined. */
  above: AbovePositive | null;
  samples: NegativeSample[];
}
