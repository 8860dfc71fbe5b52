import * as tf from '@tensorflow/tfjs-core';
import type { PackedTokens } from '../../model/packedTokens';
import { paddedBackward, paddedForward, type PaddedSaved } from './padded';
import { perTextBackward, perTextForward, type PerTextSaved } from './perText';

/**
 * Attention inside each text of packed rows: softmax(q·kᵀ/√D)·v by head (Vaswani et al., arXiv 1706.03762, eq. 1).
 * q, k, v and y are [T, H]; head a owns columns a·D .. (a + 1)·D.
 */
export type AttentionInputs = {
  q: tf.Tensor;
  k: tf.Tensor;
  v: tf.Tensor;
  tokens: PackedTokens;
  heads: number;
  dropout: ProbabilityMask | undefined;
};
/** A dropout mask over probabilities of the shape given; `index` tells texts and heads apart. */
export type ProbabilityMask = (shape: number[], index: number) => tf.Tensor;
export type AttentionSaved = PerTextSaved | PaddedSaved;
export type AttentionGradients = { q: tf.Tensor; k: tf.Tensor; v: tf.Tensor };

/**
 * Two ways to the same numbers. wasm multiplies plain matrices 25 times as fast as batched ones: one text and head at a time, no padding.
 * A GPU pays for each dispatch: all texts and heads at once, padded to the longest.
 */
export function attentionForward(inputs: AttentionInputs): { y: tf.Tensor; saved: AttentionSaved } {
  return tf.getBackend() === 'webgpu' ? paddedForward(inputs) : perTextForward(inputs);
}

export function attentionBackward(dy: tf.Tensor, saved: AttentionSaved, tokens: PackedTokens): AttentionGradients {
  return saved.kind === 'padded' ? paddedBackward(dy, saved, tokens) : perTextBackward(dy, saved, tokens);
}
