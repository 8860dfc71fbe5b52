import type { Precision } from '../experiment';
import { scratchBytes } from '../kernelPlan';
import type { EncoderConfig } from '../model';
import {
  encodingRowBytes,
  halfWeightBytes,
  memoryNeed,
  widestRowBytes,
  type BatchShape,
  type MemoryNeed,
  type ParameterCount,
} from './plan';
import type { StepWay } from './stepWay';

export interface MemoryLimits {
  /** What a run may take in all. */
  budgetBytes: number;
  /** What the device allows in one array. */
  arrayBytes: number;
}

/** A way that fits, and what it needs; or the way that needs least of all, and does not fit. */
export interface WayChoice {
  fits: boolean;
  way: StepWay;
  need: MemoryNeed;
}

/**
 * The fastest way that fits: plain; recompute, which computes a third more; GradCache with the largest chunk that fits, which computes as much
 * more and launches more kernels the smaller its chunks are. Where none fits: the one that needs least, with
 * GradCache's chunks as small as the longest text.
 */
export function chooseWay(
  config: EncoderConfig,
  parameters: ParameterCount,
  shape: BatchShape,
  limits: MemoryLimits,
  precision: Precision = 'full',
): WayChoice {
  const choice = (way: StepWay): WayChoice => {
    const need = memoryNeed(config, parameters, shape, way, precision);
    return { fits: need.total <= limits.budgetBytes, way, need };
  };
  const mostTokens = quadsIn(limits.arrayBytes / widestRowBytes(config, precision));
  const inOnePass = (['plain', 'recompute'] as const).map((kind) => choice({ kind, tokensPerPass: shape.tokens }));
  const fitting = shape.tokens <= mostTokens ? inOnePass.find(({ fits }) => fits) : undefined;
  if (fitting) return fitting;
  const smallest = choice({ kind: 'gradCache', tokensPerPass: shape.longest });
  if (!smallest.fits || shape.longest > mostTokens) {
    const [least = smallest] = [smallest, ...inOnePass].sort((a, b) => a.need.total - b.need.total);
    return { ...least, fits: false };
  }
  // A step's memory is a straight line in the rows of its chunks.
  const farther = choice({ kind: 'gradCache', tokensPerPass: shape.longest + 1024 });
  const bytesPerRow = (farther.need.total - smallest.need.total) / 1024;
  const spare = quadsIn((limits.budgetBytes - smallest.need.total) / bytesPerRow);
  const tokensPerPass = Math.max(shape.longest, Math.min(shape.longest + spare, mostTokens, shape.tokens));
  return choice({ kind: 'gradCache', tokensPerPass });
}

/** More tokens than this make an encoding batch no faster. */
const mostEncodingTokens = 16_384;
const leastEncodingTokens = 512;

/**
 * Tokens of a batch that is only encoded, while weights, gradients and moments lie beside: of all layers it holds one. Where nothing is left over,
 * the fewest that are worth a pass. `precision`: what is trained with; encoding itself is in full.
 */
export function encodingTokens(
  config: EncoderConfig,
  parameters: ParameterCount,
  limits: MemoryLimits,
  precision: Precision = 'full',
): number {
  const fixed = 4 * parameters.all + 12 * parameters.trained + halfWeightBytes(config, precision);
  const fitting = quadsIn((limits.budgetBytes - fixed - scratchBytes) / encodingRowBytes(config));
  const mostTokens = quadsIn(limits.arrayBytes / widestRowBytes(config));
  return Math.min(mostEncodingTokens, mostTokens, Math.max(leastEncodingTokens, fitting));
}

/** The largest multiple of four: kernels take rows by fours. */
function quadsIn(rows: number): number {
  return 4 * Math.floor(rows / 4);
}

export interface Settings {
  batchSize: number;
  maxTokens: number;
}

/** The nearest settings that fit, each by itself: a shorter limit of tokens, or a smaller batch. */
export interface Proposal {
  maxTokens?: number;
  batchSize?: number;
}

/** Shorter texts say too little to be worth training on. */
const shortestMaxTokens = 16;

/** What to change so that the run fits; nothing where weights, gradients and moments alone are too large. */
export function proposal(current: Settings, fits: (settings: Settings) => boolean): Proposal {
  const maxTokens = largestBelow(current.maxTokens, shortestMaxTokens, (value) =>
    fits({ ...current, maxTokens: value }),
  );
  const batchSize = largestBelow(current.batchSize, 2, (value) => fits({ ...current, batchSize: value }));
  return { ...(maxTokens === null ? {} : { maxTokens }), ...(batchSize === null ? {} : { batchSize }) };
}

/** The largest number from `least` to under `above` that passes, where all under one that passes do. */
function largestBelow(above: number, least: number, passes: (value: number) => boolean): number | null {
  if (least >= above || !passes(least)) return null;
  let [low, high] = [least, above];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) low = middle;
    else high = middle;
  }
  return low;
}
