import * as tf from '@tensorflow/tfjs-core';
import { rowProducts } from './products';
import { target, type VectorLoss } from './vectorLoss';

/**
 * Mean squared error of the cosines (Reimers and Gurevych, arXiv 1908.10084, section 3; sentence-transformers'
 * CosineSimilarityLoss): L = mean_i (cos(a_i, c_i) − y_i)².
 */
export function cosineMse(): VectorLoss {
  return {
    targets: ['scores'],
    value(inputs) {
      const cosines = rowProducts(inputs.anchors, inputs.candidates); // [B]
      return tf.mean(tf.squaredDifference(cosines, target(inputs, 'scores')));
    },
    measures: [],
  };
}
