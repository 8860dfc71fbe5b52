import type { MetricName } from '../experiment';
import type { RunView } from './runView';

/** Trend of the dev metric that chooses the checkpoint. `bestStep` is the step of the best evaluation. */
export type DevTrend =
  | { kind: 'tooEarly' }
  | { kind: 'noGain' }
  | { kind: 'improving'; bestStep: number }
  | { kind: 'levelled'; bestStep: number };

/**
 * Reads the trend from the dev evaluations of a run. `best` marks each new best among the trained steps only, so the
 * primary metric decides whether it also beats the evaluation before training.
 */
export function devTrend(dev: RunView['dev'], primary: MetricName): DevTrend {
  const first = dev[0];
  const last = dev[dev.length - 1];
  const best = dev.findLast((evaluation) => evaluation.best);
  if (!first || !last || !best || first === last) return { kind: 'tooEarly' };
  if (best.metrics[primary] <= first.metrics[primary]) return { kind: 'noGain' };
  return { kind: best === last ? 'improving' : 'levelled', bestStep: best.step };
}

/**
 * Returns for how many dev questions the first result is right, before training and at `step` (by default, at the
 * newest evaluation). Returns null until dev has been evaluated during training.
 */
export function devHits(dev: RunView['dev'], step?: number): { before: number; now: number; of: number } | null {
  const first = dev[0];
  const last = dev.find((evaluation) => evaluation.step === step) ?? dev[dev.length - 1];
  if (!first || !last || first === last) return null;
  const hits = ({ metrics }: RunView['dev'][number]): number => Math.round(metrics.hitRateAt1 * metrics.questions);
  return { before: hits(first), now: hits(last), of: last.metrics.questions };
}
