import * as tf from '@tensorflow/tfjs-core';
import { normalizeBackward, normalizeForward, type NormalizeSaved } from '../ops/normalize';
import type { CosentOptions } from '../../../../workers/engine/losses/cosent';

type CosentSaved = {
  first: NormalizeSaved;
  second: NormalizeSaved;
  /** exp((s_i − s_j)/τ − L) if y_j > y_i, else 0: [B, B]. */
  shares: tf.Tensor;
  options: CosentOptions;
};
/**
 * Loss, and the share of comparisons (two pairs with different scores) whose cosines are in the right order, or 1
 * without comparisons. Both are scalars.
 */
type CosentResult = { loss: tf.Tensor; ordered: tf.Tensor };

/**
 * Computes CoSENT (Huang et al., IEEE/ACM TASLP 2024): L = log(1 + Σ_{y_j > y_i} exp((s_i − s_j)/τ)) with the cosines
 * s_i = cos(first_i, second_i) and scores y. first, second [B, E]; scores [B].
 */
export function cosentForward(
  first: tf.Tensor,
  second: tf.Tensor,
  scores: tf.Tensor,
  options: CosentOptions,
): CosentResult & { saved: CosentSaved } {
  const a = normalizeForward(first);
  const b = normalizeForward(second);
  const { shares, loss, ordered } = tf.tidy(() => {
    const cosines = tf.sum(tf.mul(a.y, b.y), 1); // [B]
    const differences = tf.sub(tf.expandDims(cosines, 1), tf.expandDims(cosines, 0)); // [B, B]
    const compared = tf.less(tf.expandDims(scores, 1), tf.expandDims(scores, 0)); // [B, B]
    const terms = tf.where(compared, tf.div(differences, options.temperature), tf.fill(differences.shape, -1e30));
    const loss = tf.logSumExp(tf.concat([tf.zeros([1]), tf.reshape(terms, [-1])]));
    const pairs = tf.sum(tf.cast(compared, 'float32'));
    const right = tf.sum(tf.cast(tf.logicalAnd(compared, tf.less(differences, 0)), 'float32'));
    const ordered = tf.where(tf.greater(pairs, 0), tf.div(right, tf.maximum(pairs, 1)), tf.scalar(1));
    return { loss, ordered, shares: tf.exp(tf.sub(terms, loss)) };
  });
  return { loss, ordered, saved: { first: a.saved, second: b.saved, shares, options } };
}

/**
 * Returns the gradients of both inputs: dL/ds_i = (Σ_j shares_ij − Σ_j shares_ji)/τ; dfirst_i = ds_i·second_i,
 * dsecond_i = ds_i·first_i.
 */
export function cosentBackward({ first, second, shares, options }: CosentSaved): {
  first: tf.Tensor;
  second: tf.Tensor;
} {
  return tf.tidy(() => {
    const dCosines = tf.div(tf.sub(tf.sum(shares, 1), tf.sum(shares, 0)), options.temperature); // [B]
    const column = tf.expandDims(dCosines, 1);
    return {
      first: normalizeBackward(tf.mul(column, second.y), first), // [B, E]
      second: normalizeBackward(tf.mul(column, first.y), second), // [B, E]
    };
  });
}
