import * as tf from '@tensorflow/tfjs-core';

/** Smallest divisor of a vector, as in torch.nn.functional.normalize. */
const minNorm = 1e-12;

export type NormalizeSaved = { y: tf.Tensor; norm: tf.Tensor };

/** Returns y = x / max(‖x‖, 1e-12) per row: x [B, E] → y [B, E]. */
export function normalizeForward(x: tf.Tensor): { y: tf.Tensor; saved: NormalizeSaved } {
  const { y, norm } = tf.tidy(() => {
    const norm = tf.maximum(tf.sqrt(tf.sum(tf.square(x), -1, true)), minNorm); // [B, 1]
    return { y: tf.div(x, norm), norm };
  });
  return { y, saved: { y, norm } };
}

/** Returns dx = (dy − y·(y·dy))/‖x‖ per row. */
export function normalizeBackward(dy: tf.Tensor, { y, norm }: NormalizeSaved): tf.Tensor {
  return tf.tidy(() => {
    const radial = tf.sum(tf.mul(y, dy), -1, true); // [B, 1]
    return tf.div(tf.sub(dy, tf.mul(y, radial)), norm); // [B, E]
  });
}
