import * as tf from '@tensorflow/tfjs-core';
import type { Pooling } from '../../../../src/domain/model';
import type { PackedTokens } from '../../../../workers/engine/model/packedTokens';

/** Weights [B, T], one per text and token. */
type PoolingSaved = { weights: tf.Tensor };

/**
 * Pools hidden [T, H] → y [B, H]: the mean, first or last token of each text, as a product with a matrix of weights.
 */
export function poolingForward(
  hidden: tf.Tensor,
  tokens: PackedTokens,
  pooling: Pooling,
): { y: tf.Tensor; saved: PoolingSaved } {
  const weights = tf.tensor2d(poolingWeights(tokens, pooling), [tokens.texts, tokens.rows]); // [B, T]
  return { y: tf.matMul(weights, hidden), saved: { weights } };
}

export function poolingBackward(dy: tf.Tensor, { weights }: PoolingSaved): tf.Tensor {
  return tf.tidy(() => tf.matMul(tf.transpose(weights), dy)); // [T, H]
}

function poolingWeights({ texts, rows, offsets }: PackedTokens, pooling: Pooling): Float32Array {
  const weights = new Float32Array(texts * rows);
  for (let text = 0; text < texts; text++) {
    const first = offsets[text] ?? 0;
    const next = offsets[text + 1] ?? first;
    const begin = pooling === 'last' ? next - 1 : first;
    const end = pooling === 'cls' ? first + 1 : next;
    weights.fill(1 / (end - begin), text * rows + begin, text * rows + end);
  }
  return weights;
}
