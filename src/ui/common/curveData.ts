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

/**
 * Smooths a series with an exponential mean that gives each new value the weight 1 − `keep`. Divides by the weights so
 * far, so that the start is not pulled towards 0. Values that are not finite repeat the mean before them.
 */
export function smoothed(values: readonly number[], keep = 0.9): number[] {
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

/** What is drawn over one axis of steps: loss and smoothed loss of each step, hit rates of each dev evaluation. */
export interface RunPicture {
  steps: number[];
  loss: number[];
  smooth: number[];
  dev: { step: number; first: number; firstTen: number; questions: number }[];
}

export function runPicture(view: RunView): RunPicture {
  const mean = smoothed(view.steps.map((step) => step.loss));
  const meanOf = new Map(view.steps.map((step, index) => [step.step, mean[index] ?? NaN]));
  const shown = thinned(view.steps);
  return {
    steps: shown.map(({ step }) => step),
    loss: shown.map(({ loss }) => loss),
    smooth: shown.map(({ step }) => meanOf.get(step) ?? NaN),
    dev: view.dev.map(({ step, metrics }) => ({
      step,
      first: metrics.hitRateAt1,
      firstTen: metrics.hitRateAt10,
      questions: metrics.questions,
    })),
  };
}

/** Columns of the picture as a table: loss, smoothed loss and the two dev hit rates, at every step that has any. */
export function pictureColumns({ steps, loss, smooth, dev }: RunPicture): Columns {
  const at = new Map(steps.map((step, index) => [step, index]));
  const readings = new Map(dev.map((reading) => [reading.step, reading]));
  const x = [...new Set([...at.keys(), ...readings.keys()])].sort((a, b) => a - b);
  const ofStep = (values: number[]): (number | null)[] => x.map((step) => values[at.get(step) ?? -1] ?? null);
  return {
    x,
    series: [
      ofStep(loss),
      ofStep(smooth),
      x.map((step) => readings.get(step)?.first ?? null),
      x.map((step) => readings.get(step)?.firstTen ?? null),
    ],
  };
}

export function stepColumns(view: RunView, values: ((step: StepReport) => number)[]): Columns {
  const steps = thinned(view.steps);
  return { x: steps.map((step) => step.step), series: values.map((value) => steps.map(value)) };
}
