import type { DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import type { TokenBatch } from '../model/tokenBatch';
import type { LossMask } from './lossMask';

/** Targets that a loss reads in addition to the vectors. */
export interface LossTargets {
  /** Pairs of anchor and candidate that the loss ignores. */
  leftOut?: LossMask;
  /** The score that each anchor and its candidate should have: [B]. */
  scores?: Float32Array<ArrayBuffer>;
  /** A teacher's scores of each anchor with its positive and its explicit negatives: [B, C / B]. */
  teacherScores?: Matrix;
  /** Unit vectors that a guide, a frozen model, gives the batch's anchors [B, G] and candidates [C, G]. */
  guide?: { anchors: Matrix; candidates: Matrix };
}

interface Matrix {
  values: Float32Array<ArrayBuffer>;
  shape: readonly [number, number];
}

/** The targets of a batch on the device. */
interface DeviceTargets {
  leftOut?: DeviceArray; // [B, ⌈C / 32⌉]
  scores?: DeviceArray; // [B]
  teacherScores?: DeviceArray; // [B, C / B]
  guide?: LossVectors; // [B, G], [C, G]
}

/** Uploads the targets. Call it before the batch is encoded, because it runs all recorded commands. */
export function uploadTargets(
  { commands }: Engine,
  { leftOut, scores, teacherScores, guide }: LossTargets = {},
): DeviceTargets {
  const upload = ({ values, shape }: Matrix): DeviceArray => commands.upload(values, shape);
  return {
    ...(leftOut && { leftOut: commands.upload(leftOut.words, leftOut.shape) }),
    ...(scores && { scores: commands.upload(scores) }),
    ...(teacherScores && { teacherScores: upload(teacherScores) }),
    ...(guide && { guide: { anchors: upload(guide.anchors), candidates: upload(guide.candidates) } }),
  };
}

export function freeTargets({ pool }: Engine, { guide, ...targets }: DeviceTargets): void {
  for (const array of Object.values<DeviceArray>(targets)) pool.free(array);
  if (guide) for (const array of [guide.anchors, guide.candidates]) pool.free(array);
}

/** The texts of a training step. */
export interface StepBatch {
  /** B texts. */
  anchors: TokenBatch;
  /** Text i < B belongs to anchor i. Explicit negatives follow, the same number for each anchor, in anchor order. */
  candidates: TokenBatch;
  targets?: LossTargets | undefined;
}

/** Returns the number of tokens of all texts. */
export function textTokens({ anchors, candidates }: StepBatch): number {
  return (anchors.offsets.at(-1) ?? 0) + (candidates.offsets.at(-1) ?? 0);
}

/** The numbers that a loss may report for a batch. */
export interface LossNumbers {
  loss: number;
  /** Share of anchors whose own positive scores highest among the candidates. */
  inBatchAccuracy: number;
  /** Mean cosine of the positives. */
  positiveScore: number;
  /** Mean cosine of the negatives. */
  negativeScore: number;
  /** Share of the comparisons of scored pairs whose cosines are in the order of the scores. */
  orderedShare: number;
}

/** Unit vectors of a batch, or their gradients: anchors [B, E], candidates [C, E]. */
export interface LossVectors {
  anchors: DeviceArray;
  candidates: DeviceArray;
}

/** A function of a batch's unit vectors, with its gradients. */
export interface Loss {
  /** Names of the numbers that `run` writes, in order. The first is the loss. */
  readonly numbers: readonly ['loss', ...(keyof LossNumbers)[]];
  /** Writes the numbers and returns the gradients of the unit vectors, multiplied by `gradientScale`. */
  run(
    engine: Engine,
    vectors: LossVectors,
    targets: DeviceTargets,
    gradientScale: number,
    numbers: DeviceArray,
  ): LossVectors;
}

/** A loss of one batch: writes its numbers, and returns the gradients of its unit vectors. */
export type BatchLoss = (vectors: LossVectors) => LossVectors;
