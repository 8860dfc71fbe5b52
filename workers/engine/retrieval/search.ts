import * as tf from '@tensorflow/tfjs-core';
import { readTensor } from '../device';

/** Passages whose scores are computed at once: 8 MB of vectors at 256 floats each. */
const passagesPerBlock = 8192;

/**
 * Dot products of every query with every passage: queries [Q, E], corpus [N, E] → [Q, N] row after row, in blocks of the corpus so that
 * any corpus fits. Each product is summed over E alone, so block sizes do not change it. GPU→CPU sync a block.
 */
export async function scoreBlock(queries: Float32Array, corpus: Float32Array, width: number): Promise<Float32Array> {
  const [queryCount, passageCount] = [queries.length / width, corpus.length / width];
  const scores = new Float32Array(queryCount * passageCount);
  const queryColumns = tf.tidy(() => tf.transpose(tf.tensor2d(queries, [queryCount, width]))); // [E, Q]
  try {
    for (let from = 0; from < passageCount; from += passagesPerBlock) {
      const count = Math.min(passagesPerBlock, passageCount - from);
      const block = await passageScores(corpus.subarray(from * width, (from + count) * width), queryColumns, width); // [N, Q]
      for (let passage = 0; passage < count; passage++)
        for (let query = 0; query < queryCount; query++)
          scores[query * passageCount + from + passage] = block[passage * queryCount + query] ?? NaN;
    }
    return scores;
  } finally {
    queryColumns.dispose();
  }
}

async function passageScores(passages: Float32Array, queryColumns: tf.Tensor, width: number): Promise<Float32Array> {
  const scores = tf.tidy(() => tf.matMul(tf.tensor2d(passages, [passages.length / width, width]), queryColumns)); // [N, Q]
  try {
    return await readTensor(scores); // GPU→CPU sync
  } finally {
    scores.dispose();
  }
}
