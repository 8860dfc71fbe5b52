import * as v from 'valibot';
import type { AppErrorDetails } from '../errors';
import type { MetricName } from '../experiment';
import type { RunRecord } from '../run';
import { prefixOf } from '../train/prefix';
import type { Metrics } from './metrics';

/** Share of the tuned weights: 0 is the base model, 1 the tuned one. */
export const blendRatioSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** Ratios to evaluate, as a coarse and a fine choice. The run has already evaluated the ends, 0 and 1. */
export const offeredRatios = { few: [0.25, 0.5, 0.75], many: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] } as const;

/** The metrics of one blend on dev, test or a probe set. */
export interface BlendPoint {
  ratio: number;
  metrics: Metrics;
}

/**
 * Returns the blend that does best on dev by the primary metric; ties go to the better MRR@10, then to the larger
 * ratio. Returns null without points.
 */
export function bestBlend<Point extends BlendPoint>(points: readonly Point[], primary: MetricName): Point | null {
  const order = (a: Point, b: Point): number =>
    b.metrics[primary] - a.metrics[primary] || b.metrics.mrrAt10 - a.metrics.mrrAt10 || b.ratio - a.ratio;
  return points.toSorted(order)[0] ?? null;
}

/** Whether the blends differ on dev. If they do not, none of them is best. */
export function blendsDiffer(points: readonly BlendPoint[], primary: MetricName): boolean {
  const [first] = points;
  return points.some(
    ({ metrics }) => metrics[primary] !== first?.metrics[primary] || metrics.mrrAt10 !== first.metrics.mrrAt10,
  );
}

/** Returns why the weights of a run can't be blended with those of its base model, or null. */
export function blendRefusal({ experiment, runId, status, trial }: BlendedRun): AppErrorDetails | null {
  const prefix = prefixOf(experiment.stages);
  if (prefix) return { kind: 'blend-has-prefix', stage: prefix.stage };
  if (trial || status !== 'done') return { kind: 'not-found', what: 'checkpoint', id: runId };
  return null;
}

type BlendedRun = Pick<RunRecord, 'experiment' | 'runId' | 'status' | 'trial'>;

/** Interpolates two tensors of the same shape in double precision and rounds once to float32. */
export function blendTensors(base: Float32Array, tuned: Float32Array, ratio: number): Float32Array<ArrayBuffer> {
  const blended = new Float32Array(tuned.length);
  for (let i = 0; i < blended.length; i++) blended[i] = (1 - ratio) * (base[i] ?? NaN) + ratio * (tuned[i] ?? NaN);
  return blended;
}
