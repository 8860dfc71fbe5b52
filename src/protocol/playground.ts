import type { Candidate } from '../domain/evaluate/candidate';
import type { AppErrorDetails } from '../domain/errors';
import type { FoundPassage } from './search';

/** The passages to search: an experiment's knowledge base, or a stored one. */
export type SearchedBase = { experimentId: string } | { knowledgeBase: string };

export interface PlaygroundRequest {
  base: SearchedBase;
  /** The ways to search, in the order of the answers. */
  candidates: readonly Candidate[];
  question: string;
  /** Whether to encode passages that have no stored vectors, which can take long. */
  encode: boolean;
}

/** The answer of one candidate. */
export type PlaygroundAnswer =
  /** The first passages, best first. Scores are cosines, or BM25 scores. */
  | { kind: 'found'; top: FoundPassage[] }
  /** The passages have no stored vectors, and the request does not allow encoding them. */
  | { kind: 'not-encoded'; passages: number }
  | { kind: 'failed'; error: AppErrorDetails };

export interface PlaygroundResult {
  answers: PlaygroundAnswer[];
  passages: number;
  /** Milliseconds to encode the question and search, without loading models or encoding passages. */
  searchMs: number;
}
