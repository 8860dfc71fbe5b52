import type { StepReport } from '../../domain/run';
import type { RunView } from '../../domain/train/runView';

/** A screen can't show more points than this, and drawing them would slow the page down. */
const mostPoints = 1500;

/** Thins the steps to about `mostPoints`, evenly spaced; the last one is always kept. */
export function thinned(steps: readonly StepReport[]): StepReport[] {
  if (steps.length <= mostPoints) return [...steps];
  const stride = Math.ceil(steps.length / mostPoints);
  return steps.filter((_, index) => index % stride === 0 || index === steps.length - 1);
}

/** Columns of a curve over steps: x, and one column per quantity, with null for steps that have no value. */
export interface Columns {
  x: number[];
  series: (number | null)[][];
}

/** Columns for loss, dev recall@10 and dev hit rate@1; x has every step that any of them has. */
export function lossAndRecall(view: RunView): Columns {
  const steps = thinned(view.steps);
  const losses = new Map(steps.map((step) => [step.step, step.loss]));
  const recalls = new Map(view.dev.map((reading) => [reading.step, reading.metrics.recallAt10]));
  const hits = new Map(view.dev.map((reading) => [reading.step, reading.metrics.hitRateAt1]));
  const x = [...new Set([...losses.keys(), ...recalls.keys()])].sort((a, b) => a - b);
  const column = (values: Map<number, number>) => x.map((step) => values.get(step) ?? null);
  return { x, series: [column(losses), column(recalls), column(hits)] };
}

export function stepColumns(view: RunView, values: ((step: StepReport) => number)[]): Columns {
  const steps = thinned(view.steps);
  return { x: steps.map((step) => step.step), series: values.map((value) => steps.map(value)) };
}
