import type { NegativeSource } from '../train/negativesSchema';
import type { AbovePositive } from './abovePositive';
import type { ExclusionCounts } from './chooseNegatives';

/** The explicit negatives of a stage of a run. */
export interface NegativesReport {
  from: NegativeSource;
  perAnchor: number;
  /** SHA-256 of the texts, pair by pair. It must be the same when a run resumes. */
  sha256: string;
  /** Candidates that were left out because they may answer the question, by reason. */
  excluded: ExclusionCounts;
  /** Negatives drawn at random because a pair had too few of its own, and the number of such pairs. */
  refilled: number;
  refilledRows: number;
  /** Only for mined ones: how many there are, and how many score above the positive of their question. */
  scored?: AbovePositive;
}
