import * as tf from '@tensorflow/tfjs-core';

type LayerNormInputs = {
  x: tf.Tensor;
  residual: tf.Tensor | undefined;
  mask: tf.Tensor | undefined;
  gamma: tf.Tensor;
  beta: tf.Tensor;
  epsilon: number;
};
export type LayerNormSaved = {
  normalized: tf.Tensor;
  inverseDeviation: tf.Tensor;
  gamma: tf.Tensor;
  mask: tf.Tensor | undefined;
};
type LayerNormNeed = { x: boolean; gamma: boolean; beta: boolean };
/** `sum` is the gradient of s, and so also of the residual. Multiplied by the mask, it is the gradient of x. */
type LayerNormGradients = { x?: tf.Tensor; sum?: tf.Tensor; gamma?: tf.Tensor; beta?: tf.Tensor };

/**
 * Returns y = γ·x̂ + β with x̂ = (s − mean s)/√(var s + ε) over the last axis and s = mask·x + residual (Ba et al.,
 * arXiv 1607.06450, eq. 4): x, residual, mask [T, H]; gamma, beta [H] → y [T, H]. `mask` is a dropout mask of 0 and
 * 1/(1 − p). Without mask and residual, this is a plain LayerNorm.
 */
export function residualLayerNormForward(inputs: LayerNormInputs): { y: tf.Tensor; saved: LayerNormSaved } {
  const { x, residual, mask, gamma, beta, epsilon } = inputs;
  const { y, normalized, inverseDeviation } = tf.tidy(() => {
    const kept = mask ? tf.mul(x, mask) : x; // [T, H]
    const sum = residual ? tf.add(kept, residual) : kept; // [T, H]
    const centred = tf.sub(sum, tf.mean(sum, -1, true)); // [T, H]
    const variance = tf.mean(tf.square(centred), -1, true); // [T, 1]
    const inverseDeviation = tf.rsqrt(tf.add(variance, epsilon)); // [T, 1]
    const normalized = tf.mul(centred, inverseDeviation); // [T, H]
    return { y: tf.add(tf.mul(normalized, gamma), beta), normalized, inverseDeviation };
  });
  return { y, saved: { normalized, inverseDeviation, gamma, mask } };
}

/**
 * Returns the gradients that `need` selects. With g = dy·γ: ds = (g − mean g − x̂·mean(g·x̂))/σ; dγ = Σ dy·x̂, dβ = Σ
 * dy over rows.
 */
export function residualLayerNormBackward(
  dy: tf.Tensor,
  saved: LayerNormSaved,
  need: LayerNormNeed,
): LayerNormGradients {
  const { normalized, inverseDeviation, gamma, mask } = saved;
  return tf.tidy(() => {
    const gradients: LayerNormGradients = {};
    if (need.beta) gradients.beta = tf.sum(dy, 0); // [H]
    if (need.gamma) gradients.gamma = tf.sum(tf.mul(dy, normalized), 0); // [H]
    if (!need.x) return gradients;
    const scaled = tf.mul(dy, gamma); // [T, H]
    const mean = tf.mean(scaled, -1, true); // [T, 1]
    const projection = tf.mean(tf.mul(scaled, normalized), -1, true); // [T, 1]
    const sum = tf.mul(tf.sub(tf.sub(scaled, mean), tf.mul(normalized, projection)), inverseDeviation); // [T, H]
    gradients.sum = sum;
    gradients.x = mask ? tf.mul(sum, mask) : sum;
    return gradients;
  });
}
