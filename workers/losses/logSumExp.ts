import * as tf from '@tensorflow/tfjs-core';
import type { Constants } from './vectorLoss';

/** Less than every term, but finite. Its exponential is 0. */
const lowest = -1e30;

/**
 * Returns log(1 + Σ exp(x)) over the entries of `x` where `mask` holds. Defines its own gradient, exp(x − value), which
 * takes three dispatches instead of the twelve that tfjs would derive.
 */
export function logOnePlusSumExp(x: tf.Tensor, mask: tf.Tensor, constants: Constants): tf.Scalar {
  const composed = tf.customGrad((...inputs) => {
    const [x, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    const terms = tf.where(mask, x, constants.number(lowest));
    const largest = tf.relu(tf.max(terms)); // at least 0, the exponent of the 1
    const sum = tf.add(tf.sum(tf.exp(tf.sub(terms, largest))), tf.exp(tf.neg(largest)));
    const value = tf.add(largest, tf.log(sum));
    save([terms, value]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [terms, value] = saved as [tf.Tensor, tf.Tensor];
      return tf.mul(dy, tf.exp(tf.sub(terms, value)));
    };
    return { value, gradFunc };
  });
  return composed(x) as tf.Scalar;
}
