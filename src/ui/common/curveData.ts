import type { StepReport } from '../../domain/run';
import type { RunView } from '../../domain/train/runView';

/** More points than this are not seen on a screen, and drawing them would hold up the page. */
const mostPoints = 1500;

/** At most `mostPoints` steps, evenly chosen, the last one always among them. */
export function thinned(steps: readonly StepReport[]): StepReport[] {
  if (steps.length <= mostPoints) return [...steps];
  const stride = Math.ceil(steps.length / mostPoints);
  return steps.filter((_, index) => index % stride === 0 || index === steps.length - 1);
}

/** Columns for a curve over steps: x, then one column a quantity, null where a step has no value of it. */
export interface Columns {
  x: number[];
  series: (number | null)[][];
}

/** Loss and dev recall on one x axis: every step of either is there. */
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
