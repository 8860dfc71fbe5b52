/**
 * Result of one query: its best passages, best first, and the rank (from 1) and score of each of its targets, in input
 * order.
 */
export interface QueryResult {
  top: { passage: number; score: number }[];
  ranks: number[];
  scores: number[];
}
