import * as tf from '@tensorflow/tfjs-core';
import { logOnePlusSumExp } from './logSumExp';
import { rowProducts } from './products';
import { target, type VectorLoss } from './vectorLoss';

export interface AngleOptions {
  temperature: number;
}

/**
 * AnglE (Li and Li, arXiv 2309.12871, eq. 4; sentence-transformers' AnglELoss): CoSENT over angle similarities. A unit
 * vector is read as complex numbers whose real parts are its first half. With s_i = |cos + sin| of the angle between
 * anchor and candidate i: L = log(1 + Σ_{y_i > y_j} exp((s_j − s_i)/τ)).
 *
 * tfjs's derivative of |x| at 0 is −1. PyTorch's is 0.
 */
export function angle({ temperature }: AngleOptions): VectorLoss {
  return {
    targets: ['scores'],
    value(inputs, constants) {
      const scores = target(inputs, 'scores'); // [B]
      const similarities = tf.mul(
        angleSimilarities(inputs.anchors, inputs.candidates),
        constants.number(1 / temperature),
      );
      const differences = tf.sub(tf.expandDims(similarities, 0), tf.expandDims(similarities, 1)); // [B, B], s_j − s_i
      const above = tf.greater(tf.expandDims(scores, 1), tf.expandDims(scores, 0)); // [B, B], y_i > y_j
      return logOnePlusSumExp(differences, above, constants);
    },
    measures: [],
  };
}

/**
 * Returns |cos + sin| for each pair, [B]. With halves re and im: cos = re·re' + im·im' and sin = im·re' − re·im', so
 * their sum is the dot product of (re + im, im − re) and (re', im').
 */
function angleSimilarities(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor1D {
  const half = a.shape[1] / 2;
  if (!Number.isInteger(half)) throw new RangeError('AnglE needs vectors of an even length');
  const real = tf.slice(a, [0, 0], [-1, half]); // [B, E / 2]
  const imaginary = tf.slice(a, [0, half], [-1, half]); // [B, E / 2]
  const sum: tf.Tensor2D = tf.add(real, imaginary); // [B, E / 2]
  const difference: tf.Tensor2D = tf.sub(imaginary, real); // [B, E / 2]
  const turned = tf.concat([sum, difference], 1); // [B, E]
  return tf.abs(rowProducts(turned, b)); // [B]
}
