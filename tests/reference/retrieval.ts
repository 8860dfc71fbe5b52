/** Naive retrieval as an oracle for the fast code: it sorts everything, then walks the list. */

/** Returns all ids, best first, ordered by (−score, id). */
export function naiveRanking(ids: readonly string[], scores: ArrayLike<number>): string[] {
  const rows = ids.map((id, index) => ({ id, score: scores[index] ?? 0 }));
  rows.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  return rows.map((row) => row.id);
}

interface NaiveMetrics {
  hitRate: number;
  precision: number;
  recall: number;
  mrr: number;
  ndcg: number;
}

/** Returns the metrics of one question by walking the first k of its ranking. */
export function naiveMetrics(ranking: readonly string[], relevant: readonly string[], k: number): NaiveMetrics {
  let hits = 0;
  let mrr = 0;
  let dcg = 0;
  let ideal = 0;
  for (let place = 0; place < k; place++) {
    if (place < relevant.length) ideal += 1 / Math.log2(place + 2);
    if (!relevant.includes(ranking[place] ?? '')) continue;
    hits += 1;
    if (mrr === 0) mrr = 1 / (place + 1);
    dcg += 1 / Math.log2(place + 2);
  }
  return { hitRate: hits > 0 ? 1 : 0, precision: hits / k, recall: hits / relevant.length, mrr, ndcg: dcg / ideal };
}
