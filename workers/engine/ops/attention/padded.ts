import * as tf from '@tensorflow/tfjs-core';
import { bucketSize, type PackedTokens } from '../../model/packedTokens';
import type { AttentionGradients, AttentionInputs } from './attention';

/** Attention of all texts and heads at once: rows are spread to [B, S], S the longest text, and gathered back. */
export type PaddedSaved = {
  kind: 'padded';
  heads: number;
  scale: number;
  /** [B, A, S, D]. */
  q: tf.Tensor;
  k: tf.Tensor;
  v: tf.Tensor;
  /** [B, A, S, S]. */
  probabilities: tf.Tensor;
  mask: tf.Tensor | undefined;
};

/** Added to scores of keys that are padding: e to the power of it is 0 in float32, and it is finite. */
const excluded = -1e9;

export function paddedForward({ q, k, v, tokens, heads, dropout }: AttentionInputs): {
  y: tf.Tensor;
  saved: PaddedSaved;
} {
  const scale = 1 / Math.sqrt((q.shape[1] ?? 0) / heads);
  const { y, ...own } = tf.tidy(() => {
    const layout = padding(tokens);
    const spread = (x: tf.Tensor): tf.Tensor => toHeads(x, layout, heads); // [B, A, S, D]
    const [qHeads, kHeads, vHeads] = [spread(q), spread(k), spread(v)];
    const keyBias = tf.tensor4d(layout.keyBias, [layout.texts, 1, 1, layout.length]);
    const scores = tf.mul(tf.matMul(qHeads, kHeads, false, true), scale); // [B, A, S, S]
    const probabilities = tf.softmax(tf.add(scores, keyBias)); // [B, A, S, S]
    const mask = dropout ? dropout(probabilities.shape, 0) : undefined;
    const mixed = tf.matMul(mask ? tf.mul(probabilities, mask) : probabilities, vHeads); // [B, A, S, D]
    return { y: toRows(mixed, layout), q: qHeads, k: kHeads, v: vHeads, probabilities, mask };
  });
  return { y, saved: { kind: 'padded', heads, scale, ...own } };
}

/** As `perTextBackward`; padding gets no gradient because dy is zero there and P is zero at padded keys. */
export function paddedBackward(dy: tf.Tensor, saved: PaddedSaved, tokens: PackedTokens): AttentionGradients {
  const { q, k, v, probabilities, mask, heads, scale } = saved;
  return tf.tidy(() => {
    const layout = padding(tokens);
    const filled = tf.tensor4d(layout.filled, [layout.texts, 1, layout.length, 1]);
    const dyHeads = tf.mul(toHeads(dy, layout, heads), filled); // [B, A, S, D]
    const used = mask ? tf.mul(probabilities, mask) : probabilities;
    const dv = tf.matMul(used, dyHeads, true, false); // [B, A, S, D]
    const dUsed = tf.matMul(dyHeads, v, false, true); // [B, A, S, S]
    const weighted = tf.mul(probabilities, mask ? tf.mul(dUsed, mask) : dUsed);
    const ds = tf.mul(tf.sub(weighted, tf.mul(probabilities, tf.sum(weighted, -1, true))), scale); // [B, A, S, S]
    const isText = tf.tensor2d(layout.isText, [tokens.rows, 1]);
    const back = (x: tf.Tensor): tf.Tensor => tf.mul(toRows(x, layout), isText); // [T, H]
    return { q: back(tf.matMul(ds, k)), k: back(tf.matMul(ds, q, true, false)), v: back(dv) };
  });
}

interface Padding {
  texts: number;
  length: number;
  /** Row of x for each place of [B, S]; padding takes row 0. */
  rowOf: Int32Array;
  /** Place in [B, S] of each row of x; filler rows take place 0. */
  placeOf: Int32Array;
  keyBias: Float32Array;
  filled: Float32Array;
  isText: Float32Array;
}

function padding({ texts, offsets, rows, longest, bucketed }: PackedTokens): Padding {
  const length = bucketed ? bucketSize(longest) : longest;
  const rowOf = new Int32Array(texts * length);
  const placeOf = new Int32Array(rows);
  const keyBias = new Float32Array(texts * length).fill(excluded);
  const filled = new Float32Array(texts * length);
  const isText = new Float32Array(rows);
  for (let text = 0; text < texts; text++) {
    const begin = offsets[text] ?? 0;
    for (let row = begin; row < (offsets[text + 1] ?? begin); row++) {
      const place = text * length + row - begin;
      rowOf[place] = row;
      placeOf[row] = place;
      keyBias[place] = 0;
      filled[place] = 1;
      isText[row] = 1;
    }
  }
  return { texts, length, rowOf, placeOf, keyBias, filled, isText };
}

/** [T, H] → [B, A, S, D]. */
function toHeads(x: tf.Tensor, { texts, length, rowOf }: Padding, heads: number): tf.Tensor {
  const rows = tf.gather(x, tf.tensor1d(rowOf, 'int32')); // [B·S, H]
  return tf.transpose(tf.reshape(rows, [texts, length, heads, -1]), [0, 2, 1, 3]);
}

/** [B, A, S, D] → [T, H]. */
function toRows(x: tf.Tensor, { texts, length, placeOf }: Padding): tf.Tensor {
  const rows = tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [texts * length, -1]); // [B·S, H]
  return tf.gather(rows, tf.tensor1d(placeOf, 'int32'));
}
