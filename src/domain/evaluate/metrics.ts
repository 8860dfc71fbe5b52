/**
 * Retrieval metrics of one question, from the ranks (from 1, ascending) of all its relevant passages, as
 * sentence-transformers' InformationRetrievalEvaluator computes them. Means over questions are taken by the caller.
 */
export type Ranks = readonly number[];

function hitsAt(ranks: Ranks, k: number): number {
  let hits = 0;
  for (const rank of ranks) if (rank <= k) hits += 1;
  return hits;
}

/** 1 where at least one relevant passage stands among the first k (accuracy@k, 检出率). */
export function hitRateAtK(ranks: Ranks, k: number): number {
  return hitsAt(ranks, k) > 0 ? 1 : 0;
}

/** Share of the relevant passages that stand among the first k. */
export function recallAtK(ranks: Ranks, k: number): number {
  return ranks.length === 0 ? 0 : hitsAt(ranks, k) / ranks.length;
}

/** Share of the first k places that relevant passages take. */
export function precisionAtK(ranks: Ranks, k: number): number {
  return hitsAt(ranks, k) / k;
}

/** 1 / rank of the first relevant passage, 0 where it stands behind place k. */
export function mrrAtK(ranks: Ranks, k: number): number {
  const first = Math.min(...ranks);
  return first <= k ? 1 / first : 0;
}

/** DCG with binary relevance over the best DCG that is possible (Järvelin & Kekäläinen 2002, with log2(rank + 1)). */
export function ndcgAtK(ranks: Ranks, k: number): number {
  let dcg = 0;
  for (const rank of ranks) if (rank <= k) dcg += 1 / Math.log2(rank + 1);
  let best = 0;
  for (let place = 1; place <= Math.min(k, ranks.length); place++) best += 1 / Math.log2(place + 1);
  return best === 0 ? 0 : dcg / best;
}
