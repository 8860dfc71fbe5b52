import type { MetricName } from '../experiment';

/**
 * Retrieval metrics of one question, computed from the ranks of all its relevant passages, ascending and counted from
 * 1. They match sentence-transformers' InformationRetrievalEvaluator. The caller averages over questions.
 */
export type Ranks = readonly number[];

function hitsAt(ranks: Ranks, k: number): number {
  let hits = 0;
  for (const rank of ranks) if (rank <= k) hits += 1;
  return hits;
}

/** Returns 1 if at least one relevant passage is among the first k, else 0 (accuracy@k, 检出率). */
export function hitRateAtK(ranks: Ranks, k: number): number {
  return hitsAt(ranks, k) > 0 ? 1 : 0;
}

/** Returns the share of the relevant passages that are among the first k. */
export function recallAtK(ranks: Ranks, k: number): number {
  return ranks.length === 0 ? 0 : hitsAt(ranks, k) / ranks.length;
}

/** Returns the share of the first k passages that are relevant. */
export function precisionAtK(ranks: Ranks, k: number): number {
  return hitsAt(ranks, k) / k;
}

/**
 * Returns the best rank, or Infinity if there is none. Avoids Math.min(...ranks), because a question may have more
 * ranks than a call can take arguments.
 */
export function firstRank(ranks: Ranks): number {
  return ranks.reduce((first, rank) => Math.min(first, rank), Infinity);
}

/** Returns 1 / rank of the first relevant passage, or 0 if that rank is beyond k. */
export function mrrAtK(ranks: Ranks, k: number): number {
  const first = firstRank(ranks);
  return first <= k ? 1 / first : 0;
}

/** Returns DCG / ideal DCG with binary relevance and discount log2(rank + 1) (Järvelin & Kekäläinen 2002). */
export function ndcgAtK(ranks: Ranks, k: number): number {
  let dcg = 0;
  for (const rank of ranks) if (rank <= k) dcg += 1 / Math.log2(rank + 1);
  let best = 0;
  for (let place = 1; place <= Math.min(k, ranks.length); place++) best += 1 / Math.log2(place + 1);
  return best === 0 ? 0 : dcg / best;
}

/**
 * Returns the average precision in the first k places: the precisions at the places of the relevant passages there,
 * summed and divided by the number of relevant passages or, if that is smaller, by k.
 */
export function averagePrecisionAtK(ranks: Ranks, k: number): number {
  const places = ranks.filter((rank) => rank <= k).sort((a, b) => a - b);
  const sum = places.reduce((total, place, before) => total + (before + 1) / place, 0);
  return ranks.length === 0 ? 0 : sum / Math.min(k, ranks.length);
}

/** The means of all metrics over the questions, and the numbers of questions and passages. */
export type Metrics = Record<MetricName, number> & { questions: number; passages: number };
