import type { SearchBlocks } from './searchBlocks';
import type { Vectors } from './vectors';

export interface SearchInput {
  /** Query vectors [Q, E]. */
  queries: Vectors;
  /** Passage vectors [N, E]. Of equal scores, the passage with the smaller row ranks first. */
  passages: Vectors;
  /** For each query, the rows of the passages whose ranks to compute. */
  targets: readonly (readonly number[])[];
  /** Number of best passages to return per query. A smaller knowledge base returns all of its passages. */
  k: number;
  /** Overrides the block sizes that `searchBlocks` would choose. */
  blocks?: SearchBlocks;
}

/** Result of one query: its best passages, best first, and the rank (from 1) of each of its targets, in input order. */
export interface Found {
  top: { passage: number; score: number }[];
  ranks: number[];
}

/** Called after each block of passages. Throws to stop the search. */
export type BetweenBlocks = (done: number, of: number) => Promise<void>;
