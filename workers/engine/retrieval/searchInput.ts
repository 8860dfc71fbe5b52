import type { SearchBlocks } from './searchBlocks';
import type { Vectors } from './vectors';

export interface SearchInput {
  /** [Q, E] */
  queries: Vectors;
  /** [N, E], in the order in which equal scores rank: the passage with the smaller row comes first. */
  passages: Vectors;
  /** By query: the passages whose rank is asked. */
  targets: readonly (readonly number[])[];
  /** How many of the best passages of each query are asked for; fewer come where the corpus is smaller. */
  k: number;
  /** Other blocks than a search of this size has by itself. */
  blocks?: SearchBlocks;
}

/** What one query found: its best passages, best first, and the rank (from 1) of each of its targets, in their order. */
export interface Found {
  top: { passage: number; score: number }[];
  ranks: number[];
}

/** Called between blocks; throws to stop. */
export type BetweenBlocks = (done: number, of: number) => Promise<void>;
