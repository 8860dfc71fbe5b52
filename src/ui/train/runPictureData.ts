import type { RunView } from '../../domain/train/runView';
import { smoothedCurve, thinnedCurve, type CurveColumns } from '../common/curveData';

/**
 * Data of the picture over one axis of steps: loss and smoothed loss of each step, hit rates of each dev evaluation.
 */
export interface RunPictureData {
  steps: number[];
  loss: number[];
  smooth: number[];
  dev: { step: number; first: number; firstTen: number; questions: number }[];
}

export function runPictureData(view: RunView): RunPictureData {
  const mean = smoothedCurve(view.steps.map((step) => step.loss));
  const meanOf = new Map(view.steps.map((step, index) => [step.step, mean[index] ?? NaN]));
  const shown = thinnedCurve(view.steps);
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

/**
 * Returns the picture as columns of a table: loss, smoothed loss and the two dev hit rates, at every step with a value.
 */
export function runPictureColumns({ steps, loss, smooth, dev }: RunPictureData): CurveColumns {
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
