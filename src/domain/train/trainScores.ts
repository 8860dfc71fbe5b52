/** Pairs that are listed as the hardest. */
export const hardestPairs = 10;
/** Observed batches of a stage from which the hardest pairs are taken: the newest ones. */
const newestObservations = 10;

/** The text that a pair's loss confuses most with its own: the passage of a pair, or one of its explicit negatives. */
export interface WrongText {
  pairId: string;
  /** Which of the pair's negatives, from 0; absent for its passage. */
  negative?: number;
  cosine: number;
}

/** A training row that its loss finds hard. */
export interface HardPair {
  pairId: string;
  /** Of its two texts. */
  cosine: number;
  /** The larger, the worse the row fits; see `hardRows` in `batchScores.ts`. Comparable within a stage only. */
  hardness: number;
  /** The best of the wrong texts. Absent in scored pairs. */
  wrong?: WrongText;
  /** Only in scored pairs: the score that the row has in the data. */
  score?: number;
}

/** What was read back of the vectors of a batch after `step`. */
export interface TrainScores {
  step: number;
  stage: number;
  /** Rows that were looked at: the first of the batch. */
  rows: number;
  /** Mean cosine of the two texts of a row. */
  right: number;
  /** Mean cosine of the first text of a row and the second one of another; null for a single row. */
  others: number | null;
  /** The hardest rows, hardest first. */
  hardest: HardPair[];
}

/** Whether the batch of a step is looked at: of every fifth step, or of fewer in a stage of many steps. */
export function isObserved(stepOfStage: number, steps: number): boolean {
  return stepOfStage % Math.max(5, Math.ceil(steps / 100)) === 0;
}

/** Returns the hardest rows, hardest first. Ties keep their order. */
export function hardestOfRows(rows: readonly HardPair[]): HardPair[] {
  return rows
    .filter(({ hardness }) => Number.isFinite(hardness))
    .sort((a, b) => b.hardness - a.hardness)
    .slice(0, hardestPairs);
}

/**
 * Returns the hardest pairs of the newest stage, hardest first, from its newest observations. A pair that was looked at
 * again counts as it was last.
 */
export function hardestSoFar(observed: readonly TrainScores[]): HardPair[] {
  const stage = observed[observed.length - 1]?.stage;
  const newest = observed.filter((one) => one.stage === stage).slice(-newestObservations);
  const byPair = new Map(newest.flatMap(({ hardest }) => hardest.map((pair) => [pair.pairId, pair] as const)));
  return hardestOfRows([...byPair.values()]);
}
