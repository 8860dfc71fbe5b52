import * as tf from '@tensorflow/tfjs-core';
import { normalizeBackward, normalizeForward, type NormalizeSaved } from '../ops/normalize';
import type { InfoNceOptions } from '../../../../workers/engine/losses/infoNce';
import type { LossMask } from '../../../../workers/engine/losses/lossMask';
import { lossMaskValues } from './lossMask';

type InfoNceSaved = {
  anchors: NormalizeSaved;
  candidates: NormalizeSaved;
  probabilities: tf.Tensor[];
  options: InfoNceOptions;
};
/** Loss, accuracy, and mean cosines of positives and negatives, all as scalars. */
type InfoNceResult = {
  loss: tf.Tensor;
  accuracy: tf.Tensor;
  positiveScore: tf.Tensor;
  negativeScore: tf.Tensor;
};

/** Score of a pair that is left out: far below any other, so that its softmax is exactly 0. */
const leftOutScore = -1e30;

/**
 * Computes InfoNCE over cosines (van den Oord et al., arXiv 1807.03748, eq. 4): L = mean_i −log softmax_j(cos(a_i,
 * c_j)/τ)_i. anchors [B, E], candidates [C, E] with C ≥ B; candidate i is the positive of anchor i.
 */
export function infoNceForward(
  anchors: tf.Tensor,
  candidates: tf.Tensor,
  options: InfoNceOptions,
  leftOut?: LossMask,
): InfoNceResult & { saved: InfoNceSaved } {
  const a = normalizeForward(anchors);
  const c = normalizeForward(candidates);
  const [size, count] = [anchors.shape[0] ?? 0, candidates.shape[0] ?? 0];
  const { probabilities, loss, accuracy, positiveScore, negativeScore } = tf.tidy(() => {
    const eye = tf.eye(size, count); // [B, C]
    const gone = leftOut ? tf.tensor2d(lossMaskValues(leftOut, count), [size, count]) : tf.zeros([size, count]);
    const all = tf.matMul(a.y, tf.transpose(c.y)); // [B, C]
    const cosines = tf.where(tf.cast(gone, 'bool'), tf.fill([size, count], leftOutScore), all);
    const right = tf.sum(tf.mul(all, eye), 1); // [B]
    const scores = tf.div(cosines, options.temperature);
    const reverse = tf.transpose(tf.slice(scores, [0, 0], [size, size])); // [B, B]
    const ways = options.directions === 'both' ? [scores, reverse] : [scores];
    const losses = ways.map((way) => tf.mean(tf.sub(tf.logSumExp(way, 1), tf.div(right, options.temperature))));
    const negatives = tf.sub(tf.sub(1, eye), gone); // [B, C]
    return {
      loss: tf.div(tf.addN(losses), ways.length),
      accuracy: tf.mean(tf.cast(tf.greaterEqual(right, tf.max(cosines, 1)), 'float32')),
      positiveScore: tf.mean(right),
      negativeScore: tf.div(tf.sum(tf.mul(all, negatives)), tf.maximum(1, tf.sum(negatives))),
      probabilities: ways.map((way) => tf.softmax(way)),
    };
  });
  return {
    loss,
    accuracy,
    positiveScore,
    negativeScore,
    saved: { anchors: a.saved, candidates: c.saved, probabilities, options },
  };
}

/**
 * Returns the gradients of anchors and candidates. With P the row softmax of the scores and Q that of the transposed
 * scores: dS = (P − I)/B, or for both directions the mean of that and (Qᵀ − I)/B; da = dS·c/τ, dc = dSᵀ·a/τ.
 */
export function infoNceBackward({ anchors, candidates, probabilities, options }: InfoNceSaved): {
  anchors: tf.Tensor;
  candidates: tf.Tensor;
} {
  return tf.tidy(() => {
    const [rows, columns] = probabilities;
    if (!rows) throw new TypeError('expected the probabilities of at least one direction');
    const [size = 1, count = 1] = rows.shape;
    const wide = columns && tf.concat([tf.transpose(columns), tf.zeros([size, count - size])], 1); // [B, C]
    const mean = wide ? tf.div(tf.add(rows, wide), 2) : rows; // [B, C]
    const dScores = tf.div(tf.sub(mean, tf.eye(size, count)), size * options.temperature); // [B, C]
    return {
      anchors: normalizeBackward(tf.matMul(dScores, candidates.y), anchors), // [B, E]
      candidates: normalizeBackward(tf.matMul(tf.transpose(dScores), anchors.y), candidates), // [C, E]
    };
  });
}
