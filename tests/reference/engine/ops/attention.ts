import * as tf from '@tensorflow/tfjs-core';
import type { PackedTokens } from '../../../../workers/engine/model/packedTokens';

type AttentionInputs = {
  q: tf.Tensor;
  k: tf.Tensor;
  v: tf.Tensor;
  tokens: PackedTokens;
  heads: number;
  dropout: AttentionMask | undefined;
};
/** Returns a dropout mask [S, S] for the probabilities of one text and head. */
export type AttentionMask = (place: { row: number; length: number; head: number; heads: number }) => tf.Tensor;
type AttentionGradients = { q: tf.Tensor; k: tf.Tensor; v: tf.Tensor };
/** Tensors for the backward pass. In the lists, head h of text i is entry i·A + h. */
export type AttentionSaved = {
  q: tf.Tensor;
  k: tf.Tensor;
  v: tf.Tensor;
  heads: number;
  scale: number;
  /** [S, S] per text and head. */
  probabilities: tf.Tensor[];
  masks: tf.Tensor[];
};

/**
 * Computes attention within each text of packed rows: softmax(q·kᵀ/√D)·v per head (Vaswani et al., arXiv 1706.03762,
 * eq. 1). q, k, v and y are [T, H]; head a owns columns a·D .. (a + 1)·D. Computes one text and head at a time: on
 * wasm, tfjs multiplies plain matrices 25 times as fast as batched ones, and nothing needs padding.
 */
export function attentionForward({ q, k, v, tokens, heads, dropout }: AttentionInputs): {
  y: tf.Tensor;
  saved: AttentionSaved;
} {
  const width = (q.shape[1] ?? 0) / heads;
  const scale = 1 / Math.sqrt(width);
  const { y, probabilities, masks } = tf.tidy(() => {
    const probabilities: tf.Tensor[] = [];
    const masks: tf.Tensor[] = [];
    const scaled = tf.mul(q, scale); // [T, H]
    const y = byTextAndHead(tokens, heads, (row, length, head) => {
      const block = (x: tf.Tensor): tf.Tensor => tf.slice(x, [row, head * width], [length, width]); // [S, D]
      const scores = tf.matMul(block(scaled), tf.transpose(block(k))); // [S, S]
      const p = tf.softmax(scores); // [S, S]
      scores.dispose();
      probabilities.push(p);
      if (!dropout) return [tf.matMul(p, block(v))];
      const mask = dropout({ row, length, head, heads });
      masks.push(mask);
      return [tf.matMul(tf.mul(p, mask), block(v))]; // [S, D]
    });
    return { y: y[0] ?? tf.zerosLike(q), probabilities, masks };
  });
  return { y, saved: { q, k, v, heads, scale, probabilities, masks } };
}

/**
 * Returns the gradients of q, k and v. With P = softmax(s·q·kᵀ): dv = Pᵀ·dy, dP = dy·vᵀ, dS = P∘(dP − Σ_row P∘dP), dq =
 * s·dS·k, dk = s·dSᵀ·q. Dropout masks P in dv, and masks dP.
 */
export function attentionBackward(dy: tf.Tensor, saved: AttentionSaved, tokens: PackedTokens): AttentionGradients {
  const { q, k, v, heads, scale, probabilities, masks } = saved;
  const width = (q.shape[1] ?? 0) / heads;
  return tf.tidy(() => {
    const [dq, dk, dv] = byTextAndHead(tokens, heads, (row, length, head, index) => {
      const block = (x: tf.Tensor): tf.Tensor => tf.slice(x, [row, head * width], [length, width]); // [S, D]
      const p = probabilities[index] ?? tf.zeros([length, length]); // [S, S]
      const mask = masks[index];
      const dyBlock = block(dy);
      const used = mask ? tf.mul(p, mask) : p;
      const dvBlock = tf.matMul(tf.transpose(used), dyBlock); // [S, D]
      const dUsed = tf.matMul(dyBlock, tf.transpose(block(v))); // [S, S]
      const dp = mask ? tf.mul(dUsed, mask) : dUsed;
      const weighted = tf.mul(p, dp);
      const ds = tf.sub(weighted, tf.mul(p, tf.sum(weighted, 1, true))); // [S, S]
      const dqBlock = tf.matMul(ds, block(k)); // [S, D]
      const dkBlock = tf.matMul(tf.transpose(ds), block(q)); // [S, D]
      return [dqBlock, dkBlock, dvBlock];
    });
    if (!dq || !dk || !dv) return { q: tf.zerosLike(q), k: tf.zerosLike(k), v: tf.zerosLike(v) };
    return { q: tf.mul(dq, scale), k: tf.mul(dk, scale), v: dv };
  });
}

type BlockWork = (row: number, length: number, head: number, index: number) => tf.Tensor[];

/**
 * Runs `work` for each text and head and joins the resulting blocks [S, D] into matrices [T, H]. Padding rows are zero.
 */
function byTextAndHead({ texts, offsets, tokens, rows }: PackedTokens, heads: number, work: BlockWork): tf.Tensor[] {
  const parts: tf.Tensor[][] = [];
  for (let text = 0; text < texts; text++) {
    const row = offsets[text] ?? 0;
    const length = (offsets[text + 1] ?? row) - row;
    if (length === 0) continue;
    const blocks = Array.from({ length: heads }, (_, head) => work(row, length, head, text * heads + head));
    blocks[0]?.forEach((_, output) => {
      const columns = blocks.flatMap((block) => block[output] ?? []);
      (parts[output] ??= []).push(tf.concat(columns, 1)); // [S, H]
      columns.forEach((column) => column.dispose());
    });
  }
  return parts.map((part) => {
    const width = part[0]?.shape[1] ?? 0;
    return tf.concat(rows > tokens ? [...part, tf.zeros([rows - tokens, width])] : part, 0); // [T, H]
  });
}
