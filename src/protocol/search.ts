import type { MeasuredEncoding } from '../domain/benchmark/demoTime';
import type { ExperimentModel } from '../domain/experiment';

/** A question to search a knowledge base for, with a base model. */
export interface SearchRequest {
  model: ExperimentModel;
  /** contentSha256 of the knowledge base. */
  knowledgeBase: string;
  question: string;
  /** Ids of the passages that are known to answer the question. */
  relevant: readonly string[];
}

export interface FoundPassage {
  rank: number;
  id: string;
  text: string;
  /** Cosine of the passage and the question. */
  score: number;
}

export interface SearchResult {
  /** The first five passages. */
  top: FoundPassage[];
  /** The best-ranked of the passages known to be relevant; null if none is known. */
  right: FoundPassage | null;
  passages: number;
  /** Milliseconds from the question's tokens to the ranks, without loading the model or encoding the knowledge base. */
  searchMs: number;
  /** The encoding of the knowledge base, now or before an earlier question. */
  encoding: MeasuredEncoding;
}
