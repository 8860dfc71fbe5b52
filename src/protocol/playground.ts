import type { PlaygroundCandidate } from '../domain/evaluate/candidate';
import type { AppErrorDetails } from '../domain/errors';
import type { FoundPassage } from './search';

/** What is searched: the knowledge base of an experiment, or a stored one. */
export type SearchedBase = { experimentId: string } | { knowledgeBase: string };

export interface PlaygroundRequest {
  base: SearchedBase;
  /** The ways to search, by which the answers are listed. */
  candidates: readonly PlaygroundCandidate[];
  question: string;
  /** Whether passages without stored vectors are encoded now, which can take long. */
  encode: boolean;
}

/** What one candidate finds. */
export type PlaygroundAnswer =
  /** The first passages, best first. Scores are cosines, or those of BM25. */
  | { kind: 'found'; top: FoundPassage[] }
  /** The passages have no stored vectors yet, and were not to be encoded. */
  | { kind: 'not-encoded'; passages: number }
  | { kind: 'failed'; error: AppErrorDetails };

export interface PlaygroundResult {
  answers: PlaygroundAnswer[];
  passages: number;
  /** Milliseconds to encode the question and to search, without loading models or encoding passages. */
  searchMs: number;
}
