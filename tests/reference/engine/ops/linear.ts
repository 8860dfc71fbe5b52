import * as tf from '@tensorflow/tfjs-core';

export type LinearSaved = { x: tf.Tensor; weight: tf.Tensor };
type LinearGradients = { x?: tf.Tensor; weight?: tf.Tensor; bias?: tf.Tensor };
type LinearNeed = { x: boolean; weight: boolean; bias: boolean };

/**
 * Returns y = x·Wᵀ + b: x [T, in], weight [out, in] as in PyTorch, bias [out] → y [T, out]. Operands are transposed
 * explicitly: the fast path of tfjs's wasm backend takes only plain matrix products, and reaches 31 GFLOP/s instead of
 * 1.2.
 */
export function linearForward(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): { y: tf.Tensor; saved: LinearSaved } {
  const y = tf.tidy(() => tf.fused.matMul({ a: x, b: tf.transpose(weight), bias })); // [T, out]
  return { y, saved: { x, weight } };
}

/** Returns the gradients that `need` selects: dx = dy·W, dW = dyᵀ·x, db = Σ_rows dy. */
export function linearBackward(dy: tf.Tensor, { x, weight }: LinearSaved, need: LinearNeed): LinearGradients {
  const gradients: LinearGradients = {};
  if (need.x) gradients.x = tf.matMul(dy, weight); // [T, in]
  const columns = tf.transpose(dy); // [out, T]
  if (need.weight) gradients.weight = weightGradient(dy, columns, x); // [out, in]
  if (need.bias) gradients.bias = tf.sum(columns, 1); // [out]
  columns.dispose();
  return gradients;
}

/** Returns dW = dyᵀ·x [out, in]. XNNPACK repacks the right factor, so the narrower factor goes there. */
function weightGradient(dy: tf.Tensor, columns: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const [out = 0, width = 0] = [dy.shape[1], x.shape[1]];
  if (width <= out) return tf.matMul(columns, x); // [out, in]
  return tf.tidy(() => tf.transpose(tf.matMul(tf.transpose(x), dy))); // [out, in]
}
