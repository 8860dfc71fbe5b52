import type { Interval } from '../evaluate/statistics';
import type { MetricName } from '../experiment';

type Sign =
  /** For the last `steps` steps, the mean scores of positives and of negatives were both above `collapseScore`. */
  | { kind: 'collapse'; steps: number; positiveScore: number; negativeScore: number }
  /** For the last `steps` steps, all gradients were 0. */
  | { kind: 'deadGradients'; steps: number }
  /** For the last `steps` steps, the loss was far above its lowest level in the stage. `loss` is its level now. */
  | { kind: 'divergence'; steps: number; loss: number; lowestLoss: number }
  /**
   * The primary metric fell over the last `evaluations` dev evaluations, from `from` after step `fromStep` to `to`,
   * while the loss fell from `fromLoss` to `loss`. `change` is the 95% interval of the metric's change.
   */
  | {
      kind: 'recallFalls';
      evaluations: number;
      metric: MetricName;
      fromStep: number;
      from: number;
      to: number;
      change: Interval;
      fromLoss: number;
      loss: number;
    };

/** A sign that a run is going wrong, found after `step`. */
export type Alarm = { step: number } & Sign;

/** Mean score above which positives and negatives can no longer be told apart. */
export const collapseScore = 0.95;
