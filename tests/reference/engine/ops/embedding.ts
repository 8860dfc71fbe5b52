import * as tf from '@tensorflow/tfjs-core';
import type { PackedTokens } from '../../../../workers/engine/model/packedTokens';
import { planSegmentSum, segmentSum } from './segmentSum';

type EmbeddingTables = { words: tf.Tensor; positions: tf.Tensor; types: tf.Tensor };
type EmbeddingNeed = { words: boolean; positions: boolean; types: boolean };
type EmbeddingGradients = { words?: tf.Tensor; positions?: tf.Tensor; types?: tf.Tensor };

/**
 * Returns BERT's input (Devlin et al., arXiv 1810.04805, fig. 2): y[t] = words[id_t] + positions[position_t] +
 * types[0], [T, H], from tables [V, H], [positions, H] and [types, H]. All tokens have type 0.
 */
export function embeddingForward(tables: EmbeddingTables, tokens: PackedTokens): tf.Tensor {
  return tf.tidy(() => {
    const words = tf.gather(tables.words, tf.tensor1d(tokens.ids, 'int32')); // [T, H]
    const positions = tf.gather(tables.positions, tf.tensor1d(tokens.positions, 'int32')); // [T, H]
    const type = tf.slice(tables.types, [0, 0], [1, -1]); // [1, H]
    return tf.add(tf.add(words, type), positions);
  });
}

/** Returns dense gradients of the tables. Rows that no token looked up are zero, but AdamW updates them too. */
export function embeddingBackward(
  dy: tf.Tensor,
  shapes: Record<keyof EmbeddingTables, number>,
  tokens: PackedTokens,
  need: EmbeddingNeed,
): EmbeddingGradients {
  return tf.tidy(() => {
    const gradients: EmbeddingGradients = {};
    if (need.words) gradients.words = segmentSum(dy, planSegmentSum(tokens.ids, shapes.words)); // [V, H]
    if (need.positions) gradients.positions = segmentSum(dy, planSegmentSum(tokens.positions, shapes.positions));
    if (need.types) {
      const first = tf.sum(dy, 0, true); // [1, H]
      gradients.types =
        shapes.types > 1 ? tf.concat([first, tf.zeros([shapes.types - 1, dy.shape[1] ?? 0])], 0) : first;
    }
    return gradients;
  });
}
