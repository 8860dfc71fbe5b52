import * as tf from '@tensorflow/tfjs-core';
import { rowProducts } from './products';
import type { VectorLoss } from './vectorLoss';

export interface SigmoidPairsOptions {
  temperature: number;
}

/**
 * Sigmoid pair loss (uniem's PairInBatchSigmoidLoss): each pair's cosine should exceed the cosines of its anchor with
 * all other passages of the batch, each comparison judged on its own. With s_ij = cos(a_i, c_j):
 * L = −Σ_{i≠j} log σ((s_ii − s_ij)/τ) / (B² − B). Takes pairs only: C = B.
 */
export function sigmoidPairs({ temperature }: SigmoidPairsOptions): VectorLoss {
  return {
    targets: [],
    value({ anchors, candidates }, constants) {
      const [B] = anchors.shape;
      if (B < 2 || candidates.shape[0] !== B) throw new RangeError('the sigmoid pair loss needs two or more pairs');
      const scores = tf.matMul(anchors, candidates, false, true); // [B, B]
      const own = tf.expandDims(rowProducts(anchors, candidates), 1); // [B, 1]
      const margins = tf.mul(tf.sub(scores, own), constants.number(1 / temperature)); // [B, B]
      const terms = tf.mul(tf.softplus(margins), constants.offDiagonal(B)); // [B, B], −log σ(−x) = softplus(x)
      return tf.mul(tf.sum(terms), constants.number(1 / (B * B - B)));
    },
    measures: ['inBatchAccuracy', 'positiveScore', 'negativeScore'],
    measure({ anchors, candidates }, constants) {
      const [B] = anchors.shape;
      const others = constants.offDiagonal(B); // [B, B]
      const scores = tf.matMul(anchors, candidates, false, true); // [B, B]
      const own = rowProducts(anchors, candidates); // [B]
      const rivals = tf.mul(scores, others); // [B, B]
      // The row's own pair gets −2, less than any cosine, so it never counts as the best rival.
      const best = tf.max(tf.add(scores, tf.mul(tf.sub(others, constants.number(1)), constants.number(2))), 1); // [B]
      const hits = tf.cast(tf.greaterEqual(own, best), 'float32'); // [B]
      return [tf.mean(hits), tf.mean(own), tf.mul(tf.sum(rivals), constants.number(1 / (B * B - B)))];
    },
  };
}
