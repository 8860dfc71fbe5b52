import type { Metrics } from '../evaluate/metrics';
import type { MetricName } from '../experiment';

/** The best dev evaluation of a run so far: its primary metric and, to break ties, its MRR@10. */
export interface BestDev {
  bestDev: number | null;
  /** Missing in checkpoints of version 0.1, whose `bestDev` includes a millionth of MRR@10. */
  bestMrrAt10?: number;
}

/**
 * Whether a dev evaluation beats the best so far. The primary metric decides, then MRR@10; if both are equal, the
 * earlier evaluation stays the best.
 */
export function beatsBestDev(metrics: Metrics, primary: MetricName, { bestDev, bestMrrAt10 }: BestDev): boolean {
  if (bestDev === null) return true;
  if (metrics[primary] !== bestDev) return metrics[primary] > bestDev;
  return bestMrrAt10 !== undefined && metrics.mrrAt10 > bestMrrAt10;
}
