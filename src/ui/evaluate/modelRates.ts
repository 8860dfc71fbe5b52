import { wilsonInterval, type Interval } from '../../domain/evaluate/statistics';
import type { QuestionResult } from '../../domain/evaluate/evaluation';
import { firstRank, hitRateAtK } from '../../domain/evaluate/metrics';

/** Colours of the models in a chart, other than that of the keyword search. */
export const seriesKinds = [
  'series-0',
  'series-1',
  'series-2',
  'series-3',
  'series-4',
  'series-5',
  'series-6',
  'series-7',
] as const;

/** A model in the charts. `kind` decides its colour, so the models of a chart have different ones. */
export interface ChartModel {
  kind: 'before' | 'after' | 'bm25' | (typeof seriesKinds)[number];
  label: string;
  results: readonly QuestionResult[];
}

/** The hit rate of a model at each cut-off, with its 95% Wilson interval. */
export interface ModelRates extends ChartModel {
  rates: (Interval & { share: number })[];
}

export function modelRates(model: ChartModel, ks: readonly number[]): ModelRates {
  const { results } = model;
  const rates = ks.map((k) => {
    const hits = results.reduce((sum, { ranks }) => sum + hitRateAtK(ranks, k), 0);
    return { share: results.length === 0 ? 0 : hits / results.length, ...wilsonInterval(hits, results.length) };
  });
  return { ...model, rates };
}

/**
 * Returns the steps of the cumulative curve of ranks: at each rank that occurs, the share of questions whose first
 * right passage has this rank or a better one.
 */
export function rankSteps(results: readonly QuestionResult[]): { rank: number; share: number }[] {
  const ranks = results.map((result) => firstRank(result.ranks)).sort((a, b) => a - b);
  return ranks.flatMap((rank, i) =>
    rank === Infinity || rank === ranks[i + 1] ? [] : [{ rank, share: (i + 1) / ranks.length }],
  );
}
