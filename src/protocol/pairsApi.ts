import type { PairRow, PairScores } from '../domain/evaluate/pairTable';

/** The scored pairs that models are compared on, and the candidates that have scored them. */
export interface ComparedPairs {
  /** Name of the file. */
  name: string;
  contentSha256: string;
  /** Pairs that count. */
  pairs: number;
  /** Pairs left out for all models, because the experiment or a run that can be compared trains on them. */
  trainedOn: number;
  /** Runs whose training data is gone, so that it is not known whether they were trained on some of the pairs. */
  unchecked: number;
  /** Ids of the candidates with stored scores. */
  ids: string[];
}

export interface PairTableRequest {
  experimentId: string;
  /** Ids of the candidates in the table, in its order. */
  ids: readonly string[];
  baselineId: string;
}

/** The table, and what it was computed from, for files that are written. */
export interface PairTableResult {
  rows: PairRow[];
  /** The pairs' ids and labels. */
  pairs: { ids: string[]; labels: number[] };
  /** Scores by candidate, in the order of the pairs. */
  scores: { id: string; scores: number[] }[];
}

/** The part of the data worker's API that concerns scored pairs. */
export interface PairsApi {
  /**
   * Returns the scored pairs of an experiment and who has scored them, or null if it has none to compare on: its own
   * serve only if no stage trains on them. Rejects with `data-missing` if they are not stored.
   */
  comparedPairs(experimentId: string): Promise<ComparedPairs | null>;
  /** Computes the table of stored scores. Candidates without stored scores are left out. */
  pairTable(request: PairTableRequest): Promise<PairTableResult>;
  /** Computes the table from scores that are passed in instead of stored. */
  pairTableOf(models: readonly PairScores[], labels: readonly number[], baselineId: string): Promise<PairRow[]>;
}
