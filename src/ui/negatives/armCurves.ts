import type { MetricName } from '../../domain/experiment';
import { armNames, type ArmName } from '../../domain/negatives/arms';
import type { StepReport } from '../../domain/run';
import type { RunView } from '../../domain/train/runView';
import { smoothedCurve, thinnedCurve, type CurveColumns } from '../common/curveData';

/** The curves of an arm: its log so far and, once it is done, its evaluation on dev after the last step. */
export type ArmCurve = Pick<RunView, 'steps' | 'dev'> & { last: { step: number; value: number } | null };
export type ArmCurves = Record<ArmName, ArmCurve | null>;

type Points = Map<number, number>;

function columnsOf(points: readonly Points[]): CurveColumns {
  const steps = new Set<number>();
  for (const one of points) for (const step of one.keys()) steps.add(step);
  const x = [...steps].sort((a, b) => a - b);
  return { x, series: points.map((one) => x.map((step) => one.get(step) ?? null)) };
}

/** Returns a dev evaluation on a sample of the knowledge base, if there is one. All arms use the same sample. */
export function sampledDev(curves: ArmCurves): RunView['dev'][number] | undefined {
  return armNames.flatMap((name) => curves[name]?.dev ?? []).find(({ sampleOf }) => sampleOf !== undefined);
}

/**
 * Returns the dev metric of each arm over the steps. Scores on a sample are not comparable with those on the whole
 * knowledge base, so if there are any, only they are drawn.
 */
export function devColumns(curves: ArmCurves, metric: MetricName): CurveColumns {
  const sampled = sampledDev(curves) !== undefined;
  return columnsOf(
    armNames.map((name) => {
      const dev = curves[name]?.dev.filter(({ sampleOf }) => (sampleOf !== undefined) === sampled);
      const points: Points = new Map(dev?.map(({ step, metrics }) => [step, metrics[metric]]));
      const last = curves[name]?.last;
      return last && !sampled ? points.set(last.step, last.value) : points;
    }),
  );
}

/** Returns the smoothed loss of each arm over the steps. */
export function lossColumns(curves: ArmCurves): CurveColumns {
  return columnsOf(armNames.map((name) => smoothedLoss(curves[name]?.steps ?? [])));
}

function smoothedLoss(steps: readonly StepReport[]): Points {
  const smooth = smoothedCurve(steps.map(({ loss }) => loss));
  const bySteps = new Map(steps.map(({ step }, i) => [step, smooth[i] ?? NaN]));
  return new Map(thinnedCurve(steps).map(({ step }) => [step, bySteps.get(step) ?? NaN]));
}
