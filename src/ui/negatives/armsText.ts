import type { MetricName } from '../../domain/experiment';
import type { ArmChange, ArmsComparison } from '../../domain/negatives/compareArms';
import { metricLabel } from '../evaluate/metricLabel';
import type { Dictionary } from '../i18n/dictionary';
import { formatSigned } from '../i18n/format';

/** Whether a metric is a share of questions or passages, whose changes are stated in percentage points. */
export const isShare = (metric: MetricName): boolean => metric !== 'mrrAt10' && metric !== 'ndcgAt10';

/** Returns a sentence that compares the arms on dev, with intervals. */
export function armsSentence(dictionary: Dictionary, comparison: ArmsComparison): string {
  const t = dictionary.negatives.arms;
  const { metric, questions, mined, filtered } = comparison;
  const signed = (value: number): string => (isShare(metric) ? formatSigned(100 * value) : formatSigned(value, 3));
  const unit = isShare(metric) ? t.points : '';
  const figures = ({ change, interval }: ArmChange): string =>
    t.figures(metricLabel(dictionary, metric), `${signed(change)}${unit}`, signed(interval.low), signed(interval.high));
  const verdict = (arm: ArmChange, name: string): string => t.verdicts[arm.verdict](name, figures(arm));
  return t.sentence(questions, verdict(mined, t.subjects.mined), verdict(filtered, t.subjects.filtered));
}
