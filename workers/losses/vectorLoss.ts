import type * as tf from '@tensorflow/tfjs-core';

/** Inputs of a loss: unit vectors and, if it needs them, targets. B anchors; C ≥ B candidates; vectors of length E. */
export interface LossInputs {
  anchors: tf.Tensor2D; // [B, E]
  /** Candidate i < B is anchor i's positive. Explicit negatives follow, the same number for each anchor. */
  candidates: tf.Tensor2D; // [C, E]
  /** The score that each anchor and its candidate should have. */
  scores?: tf.Tensor1D; // [B]
  /** A teacher's scores of each anchor with its candidates: the positive, then the explicit negatives. */
  teacherScores?: tf.Tensor2D; // [B, C / B]
}

/**
 * Tensors that stay on the device. A plain number in an operation would be uploaded in every step, so losses take
 * numbers from here.
 */
export interface Constants {
  number(value: number): tf.Scalar;
  /** 0 on the diagonal and 1 elsewhere. */
  offDiagonal(size: number): tf.Tensor2D; // [size, size]
}

/** The numbers that a loss may report in addition to its value: scalars in the order of `VectorLoss.measures`. */
export type MeasureName = 'inBatchAccuracy' | 'positiveScore' | 'negativeScore';

/**
 * A loss as a pure function of unit vectors, which tfjs differentiates. Uses only operations whose gradient tfjs has,
 * whose WebGPU kernel adds in a fixed order, and that read nothing back: no gather, segment sum, booleanMask or where
 * without values.
 */
export interface VectorLoss {
  /** Targets that the loss needs. */
  readonly targets: readonly ('scores' | 'teacherScores')[];
  value(inputs: LossInputs, constants: Constants): tf.Scalar;
  readonly measures: readonly MeasureName[];
  /** Returns the measures, which have no gradient. */
  measure?(inputs: LossInputs, constants: Constants): tf.Scalar[];
}

/** Returns a target. Throws RangeError if the batch has none. */
export function target<Name extends 'scores' | 'teacherScores'>(
  inputs: LossInputs,
  name: Name,
): NonNullable<LossInputs[Name]> {
  const found = inputs[name];
  if (!found) throw new RangeError(`the batch has no ${name}`);
  return found;
}
