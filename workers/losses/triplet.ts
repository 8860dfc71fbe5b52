import * as tf from '@tensorflow/tfjs-core';
import { besideEachOther, ownProducts } from './products';
import type { VectorLoss } from './vectorLoss';

export interface TripletOptions {
  /** How much farther than its positive a negative must be, in cosine distance. */
  margin: number;
}

/**
 * Triplet loss with cosine distance (Schroff et al., arXiv 1503.03832, eq. 1 and 3; sentence-transformers'
 * TripletLoss): L = mean over anchors i and their k negatives of max(0, d(a_i, p_i) − d(a_i, n_ij) + margin), with
 * d = 1 − cos.
 */
export function triplet({ margin }: TripletOptions): VectorLoss {
  return {
    targets: [],
    value({ anchors, candidates }, constants) {
      const { positives, negatives } = ownProducts(anchors, candidates); // [B] each
      const excess = tf.sub(besideEachOther(negatives), tf.expandDims(positives, 1)); // [B, k], d(a, p) − d(a, n)
      return tf.mean(tf.relu(tf.add(excess, constants.number(margin))));
    },
    measures: [],
  };
}
