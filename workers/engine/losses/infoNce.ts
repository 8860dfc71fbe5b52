import * as tf from '@tensorflow/tfjs-core';
import { normalizeBackward, normalizeForward, type NormalizeSaved } from '../ops/normalize/normalize';

/**
 * In-batch InfoNCE over cosines (van den Oord et al., arXiv 1807.03748, eq. 4; Henderson et al., arXiv 1705.00652): row i of the
 * positives is right for anchor i, all other rows are its negatives. L = mean_i −log softmax_j(cos(a_i, p_j)/τ)_i; with `both`
 * directions the mean of that and of the same over columns.
 */
export type InfoNceOptions = { temperature: number; directions: 'queryToPassage' | 'both' };
export type InfoNceSaved = {
  anchors: NormalizeSaved;
  positives: NormalizeSaved;
  probabilities: tf.Tensor[];
  options: InfoNceOptions;
};
/** Scalars. Scores are cosines. */
export type InfoNceResult = {
  loss: tf.Tensor;
  accuracy: tf.Tensor;
  positiveScore: tf.Tensor;
  negativeScore: tf.Tensor;
};

/** anchors, positives [B, E]. */
export function infoNceForward(
  anchors: tf.Tensor,
  positives: tf.Tensor,
  options: InfoNceOptions,
): InfoNceResult & { saved: InfoNceSaved } {
  const a = normalizeForward(anchors);
  const p = normalizeForward(positives);
  const size = anchors.shape[0] ?? 0;
  const { probabilities, loss, accuracy, positiveScore, negativeScore } = tf.tidy(() => {
    const cosines = tf.matMul(a.y, tf.transpose(p.y)); // [B, B]
    const eye = tf.eye(size); // [B, B]
    const right = tf.sum(tf.mul(cosines, eye), 1); // [B]
    const scores = tf.div(cosines, options.temperature);
    const ways = options.directions === 'both' ? [scores, tf.transpose(scores)] : [scores];
    const losses = ways.map((way) => tf.mean(tf.sub(tf.logSumExp(way, 1), tf.div(right, options.temperature))));
    const others = tf.sub(tf.sum(cosines), tf.sum(right));
    return {
      loss: tf.div(tf.addN(losses), ways.length),
      accuracy: tf.mean(tf.cast(tf.greaterEqual(right, tf.max(cosines, 1)), 'float32')),
      positiveScore: tf.mean(right),
      negativeScore: tf.div(others, Math.max(1, size * (size - 1))),
      probabilities: ways.map((way) => tf.softmax(way)),
    };
  });
  return {
    loss,
    accuracy,
    positiveScore,
    negativeScore,
    saved: { anchors: a.saved, positives: p.saved, probabilities, options },
  };
}

/** With P the softmax over rows (and Q that over columns): dS = (P − I)/B, or the mean of it and (Qᵀ − I)/B; da = dS·p/τ, dp = dSᵀ·a/τ. */
export function infoNceBackward({ anchors, positives, probabilities, options }: InfoNceSaved): {
  anchors: tf.Tensor;
  positives: tf.Tensor;
} {
  return tf.tidy(() => {
    const [rows, columns] = probabilities;
    if (!rows) throw new TypeError('probabilities of at least one direction');
    const mean = columns ? tf.div(tf.add(rows, tf.transpose(columns)), 2) : rows; // [B, B]
    const size = mean.shape[0] ?? 1;
    const dScores = tf.div(tf.sub(mean, tf.eye(size)), size * options.temperature); // [B, B]
    return {
      anchors: normalizeBackward(tf.matMul(dScores, positives.y), anchors), // [B, E]
      positives: normalizeBackward(tf.matMul(tf.transpose(dScores), anchors.y), positives), // [B, E]
    };
  });
}
