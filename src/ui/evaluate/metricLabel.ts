import type { MetricName } from '../../domain/experiment';
import type { Dictionary } from '../i18n/dictionary';
import { formatPercent } from '../i18n/format';

export function metricLabel(dictionary: Dictionary, name: MetricName): string {
  const { names } = dictionary.evaluate;
  switch (name) {
    case 'hitRateAt1':
      return names.hitRate(1);
    case 'hitRateAt3':
      return names.hitRate(3);
    case 'hitRateAt5':
      return names.hitRate(5);
    case 'hitRateAt10':
      return names.hitRate(10);
    case 'recallAt10':
      return names.recall(10);
    case 'mrrAt10':
      return names.mrr;
    case 'ndcgAt10':
      return names.ndcg;
    default:
      return name satisfies never;
  }
}

/** Formats a metric's value for the tables: shares of questions in percent, MRR and nDCG with four decimals. */
export function formatMetric(name: MetricName, value: number): string {
  return name === 'mrrAt10' || name === 'ndcgAt10' ? value.toFixed(4) : formatPercent(value);
}
