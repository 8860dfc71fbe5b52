import type { SearchBlocks } from './searchBlocks';
import type { Vectors } from './vectors';

export interface SearchInput {
  /** Query vectors [Q, E]. */
  queries: Vectors;
  /** Passage vectors [N, E]. Among equal scores, the passage with the smaller row ranks first. */
  passages: Vectors;
  /** For each query, the rows of the passages whose ranks are wanted. */
  targets: readonly (readonly number[])[];
  /**
   * Number of best passages to return per query. If the knowledge base is smaller, all of its passages are returned.
   */
  k: number;
  /** Overrides the block sizes that `searchBlocks` would choose. */
  blocks?: SearchBlocks;
}
