import * as tf from '@tensorflow/tfjs-core';
import { besideEachOther, ownColumns, rowProducts } from './products';
import type { Constants, VectorLoss } from './vectorLoss';

export interface TripletOptions {
  /** How the distance of two texts is measured: as 1 − cosine, or as the length of the difference of their vectors. */
  distance: 'cosine' | 'euclidean';
  /** How much farther than its positive a negative must be. */
  margin: number;
}

/**
 * Triplet loss (Schroff et al., arXiv 1503.03832, eq. 1 and 3; sentence-transformers' TripletLoss): L = mean over
 * anchors i and their k negatives of max(0, d(a_i, p_i) − d(a_i, n_ij) + margin).
 */
export function triplet({ distance, margin }: TripletOptions): VectorLoss {
  return {
    targets: [],
    value({ anchors, candidates }, constants) {
      const columns = ownColumns(anchors, candidates).map((texts) => rowProducts(anchors, texts)); // [B] each
      const cosines = besideEachOther(columns); // [B, 1 + k]
      // The 1 of 1 − cos cancels.
      const nearness = distance === 'cosine' ? cosines : minusDistances(cosines, constants); // [B, 1 + k]
      const [near, far] = tf.split(nearness, [1, columns.length - 1], 1) as [tf.Tensor, tf.Tensor]; // [B, 1], [B, k]
      const excess = tf.sub(far, near); // [B, k], d(a, p) − d(a, n)
      return tf.mean(tf.relu(tf.add(excess, constants.number(margin))));
    },
    measures: ['positiveScore', 'negativeScore'],
    measure({ anchors, candidates }) {
      const [B, E] = anchors.shape;
      const [C] = candidates.shape;
      const [positives, others] = tf.split(candidates, [B, C - B]) as [tf.Tensor, tf.Tensor]; // [B, E], [C − B, E]
      const negatives = tf.reshape(others, [B, C / B - 1, E]); // [B, k, E]
      return [
        tf.mean(tf.sum(tf.mul(positives, anchors), 1)),
        tf.mean(tf.sum(tf.mul(negatives, tf.expandDims(anchors, 1)), 2)),
      ];
    },
  };
}

/**
 * Minimum of a squared distance, so that the root of 0 is never taken. Its root is what PyTorch adds to each
 * difference.
 */
const squaredEpsilon = 1e-12;

/**
 * Returns the Euclidean distances of unit vectors from their cosines, times −1: −√(2 − 2·cos). Defines its own
 * gradient, 1/distance, because `gradients.ts` registers none for the square root and the maximum.
 */
function minusDistances(cosines: tf.Tensor, constants: Constants): tf.Tensor {
  const composed = tf.customGrad((...inputs) => {
    const [cosines, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    const two = constants.number(2);
    const squares = tf.sub(two, tf.mul(two, cosines));
    const distances = tf.sqrt(tf.maximum(squares, constants.number(squaredEpsilon))); // rounding makes some negative
    save([distances]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => tf.div(dy, saved[0] as tf.Tensor);
    return { value: tf.neg(distances), gradFunc };
  });
  return composed(cosines);
}
