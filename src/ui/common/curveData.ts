import type { StepReport } from '../../domain/run';
import type { RunView } from '../../domain/train/runView';

/** Limit on the points of a curve. A screen can't show more, and drawing them would slow the page down. */
const mostPoints = 1500;

/** Thins the steps to about `mostPoints`, evenly spaced; the last one is always kept. */
export function thinnedCurve(steps: readonly StepReport[]): StepReport[] {
  if (steps.length <= mostPoints) return [...steps];
  const stride = Math.ceil(steps.length / mostPoints);
  return steps.filter((_, index) => index % stride === 0 || index === steps.length - 1);
}

/** Columns of a curve over steps: x, and one series per quantity, with null for steps without a value. */
export interface CurveColumns {
  x: number[];
  series: (number | null)[][];
}

/**
 * Smooths a series with an exponential mean that gives each new value the weight 1 − `keep`. Divides by the weights so
 * far, so that the start is not pulled towards 0. Values that are not finite repeat the mean before them.
 */
export function smoothedCurve(values: readonly number[], keep = 0.9): number[] {
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    if (Number.isFinite(value)) {
      sum = keep * sum + (1 - keep) * value;
      weight = keep * weight + (1 - keep);
    }
    return weight === 0 ? NaN : sum / weight;
  });
}

export function stepCurveColumns(view: RunView, values: ((step: StepReport) => number | undefined)[]): CurveColumns {
  const steps = thinnedCurve(view.steps);
  return { x: steps.map((step) => step.step), series: values.map((value) => steps.map((step) => value(step) ?? null)) };
}
