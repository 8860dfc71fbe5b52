import * as tf from '@tensorflow/tfjs-core';

/** Returns Σ g² of one gradient, [1]. Sums each row first, so that a long float32 sum does not lose small terms. */
export function sumOfSquares(gradient: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const squares = tf.square(gradient);
    return tf.reshape(tf.sum(squares.shape.length > 1 ? tf.sum(squares, -1) : squares), [1]);
  });
}

/**
 * Returns the factor that torch.nn.utils.clip_grad_norm_ uses, min(1, clip/(norm + 1e-6)). A clip norm of 0 turns
 * clipping off.
 */
export function clipFactor(norm: number, clipNorm: number): number {
  return clipNorm > 0 ? Math.min(1, clipNorm / (norm + 1e-6)) : 1;
}
