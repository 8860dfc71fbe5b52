/** Number of pairs listed as the hardest. */
export const hardestPairs = 10;
/** The hardest pairs are taken from this many of a stage's newest observed batches. */
const newestObservations = 10;

/**
 * The text that the loss most easily confuses with a pair's own passage: the passage of another pair, or a negative.
 */
export interface WrongText {
  pairId: string;
  /** Index among the pair's explicit negatives; absent if the text is the pair's passage. */
  negative?: number;
  cosine: number;
}

/** A training row that the loss finds hard. */
export interface HardPair {
  pairId: string;
  /** Cosine of the row's two texts. */
  cosine: number;
  /** The larger, the worse the row fits; see `hardRows` in `batchScores.ts`. Comparable within a stage only. */
  hardness: number;
  /** The best-scoring wrong text. Absent in scored pairs. */
  wrong?: WrongText;
  /** Only in scored pairs: the row's score in the data. */
  score?: number;
}

/** Values read back from the vectors of a batch after `step`. */
export interface TrainScores {
  step: number;
  stage: number;
  /** Number of rows that were read back: the first ones of the batch. */
  rows: number;
  /** Mean cosine of the two texts of a row. */
  right: number;
  /** Mean cosine of the first text of a row and the second one of another; null for a single row. */
  others: number | null;
  /** The hardest rows, hardest first. */
  hardest: HardPair[];
}

/** Whether to look at the batch of a step: at every fifth one, or at fewer in a stage of many steps. */
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
 * Returns the hardest pairs of the newest stage, hardest first, from its newest observations. A pair that was observed
 * again counts with its latest scores.
 */
export function hardestSoFar(observed: readonly TrainScores[]): HardPair[] {
  const stage = observed[observed.length - 1]?.stage;
  const newest = observed.filter((one) => one.stage === stage).slice(-newestObservations);
  const byPair = new Map(newest.flatMap(({ hardest }) => hardest.map((pair) => [pair.pairId, pair] as const)));
  return hardestOfRows([...byPair.values()]);
}
