import { averagePrecisionAtK, hitRateAtK, mrrAtK, ndcgAtK, precisionAtK, recallAtK, type Ranks } from './metrics';
import { offeredKs } from './answerAt';

const valueOf = {
  hitRate: hitRateAtK,
  recall: recallAtK,
  precision: precisionAtK,
  mrr: mrrAtK,
  ndcg: ndcgAtK,
  map: averagePrecisionAtK,
} as const;
export type ComparedMetricName = keyof typeof valueOf;

/** A metric of a comparison, with its cut-off. */
export interface ComparedMetric {
  name: ComparedMetricName;
  k: number;
}

/** Largest cut-off on offer. It limits no work, because ranks are known down to the last passage. */
export const largestK = 1000;

export const metricId = ({ name, k }: ComparedMetric): string => `${name}@${k}`;

/** Returns a metric of one question, from 0 to 1. */
export function metricValue({ name, k }: ComparedMetric, ranks: Ranks): number {
  return valueOf[name](ranks, k);
}

/**
 * Returns the metrics of a comparison at a cut-off: hit rates at the usual cut-offs and this one, recall and precision
 * at this one, and MRR@10, nDCG@10 and MAP@100, whose cut-offs are the customary ones.
 */
export function comparedMetrics(k: number): ComparedMetric[] {
  const ks = [...new Set([...offeredKs, k])].sort((a, b) => a - b);
  return [
    ...ks.map((one) => ({ name: 'hitRate' as const, k: one })),
    { name: 'recall', k },
    { name: 'precision', k },
    { name: 'mrr', k: 10 },
    { name: 'ndcg', k: 10 },
    { name: 'map', k: 100 },
  ];
}
