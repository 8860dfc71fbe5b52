import * as tf from '@tensorflow/tfjs-core';

/** Σ g² of one gradient, as [1]: rows first, so that no long chain of float32 sums loses small terms. */
export function sumOfSquares(gradient: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const squares = tf.square(gradient);
    return tf.reshape(tf.sum(squares.shape.length > 1 ? tf.sum(squares, -1) : squares), [1]);
  });
}

/** The factor of torch.nn.utils.clip_grad_norm_: clip/(norm + 1e-6), at most 1. A clip norm of 0 turns clipping off. */
export function clipFactor(norm: number, clipNorm: number): number {
  return clipNorm > 0 ? Math.min(1, clipNorm / (norm + 1e-6)) : 1;
}
