import type { StepReport } from '../../domain/run';
import type { RunView } from '../../domain/train/runView';

/** Maximum number of points of a curve. A screen can't show more, and drawing more would slow the page down. */
const mostPoints = 1500;

/** Thins the steps to about `mostPoints`, evenly spaced; always keeps the last one. */
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
 * Smooths a series with an exponential moving average that gives each new value the weight 1 − `keep`. Divides by the
 * sum of the weights so far, so that the start is not pulled towards 0. For a value that is not finite, repeats the
 * previous average.
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
