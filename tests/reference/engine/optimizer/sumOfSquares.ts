import * as tf from '@tensorflow/tfjs-core';

/** Returns Σ g² of one gradient, [1]. Sums each row first, so that a long float32 sum does not lose small terms. */
export function sumOfSquares(gradient: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const squares = tf.square(gradient);
    return tf.reshape(tf.sum(squares.shape.length > 1 ? tf.sum(squares, -1) : squares), [1]);
  });
}
