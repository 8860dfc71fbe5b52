import type { ComparedMetric } from '../../domain/evaluate/comparedMetric';
import { formatPercent } from '../i18n/format';

/** Formats a metric's value: shares as percentages, the others with three decimals. */
export function valueText({ name }: Pick<ComparedMetric, 'name'>, value: number): string {
  return name === 'hitRate' || name === 'recall' || name === 'precision' ? formatPercent(value) : value.toFixed(3);
}
