import * as tf from '@tensorflow/tfjs-core';

/** Which random numbers: the same key gives the same mask on every device, also after a resume. */
export interface DropoutKey {
  seed: number;
  step: number;
  /** A different number for each place in the network that drops. */
  op: number;
}

/**
 * Dropout as one step of training does it; the encoder fills in the number of the op. Numbers are drawn by the row's place in the whole batch:
 * `firstRow` is that of the first row that the encoder sees, for one that sees a part.
 */
export type Dropout = { rate: number; firstRow?: number } & Omit<DropoutKey, 'op'>;

/** Random numbers below this are dropped. */
export function dropoutThreshold(rate: number): number {
  return Math.min(2 ** 32 - 1, Math.round(rate * 2 ** 32));
}

/** A mask of 0 (with probability `rate`) and 1/(1 − rate) (Srivastava et al., JMLR 2014). */
export function dropoutMask(shape: number[], rate: number, key: DropoutKey): tf.Tensor {
  const mask = new Float32Array(shape.reduce((product, side) => product * side, 1));
  const [keep, below] = [1 / (1 - rate), dropoutThreshold(rate)];
  const random = new Uint32Array(4);
  for (let i = 0; i < mask.length; i++) {
    if (i % 4 === 0) philox(i / 4, 0, key, random);
    mask[i] = (random[i % 4] ?? 0) < below ? 0 : keep;
  }
  return tf.tensor(mask, shape);
}

/**
 * The same over attention probabilities of one text and head, [S, S]. `row` is the text's first row in the batch: rows are counted through the
 * batch, keys within the text, so that the numbers do not depend on how texts are put together for computing.
 */
export function probabilityDropoutMask(
  { row, length, head, heads }: { row: number; length: number; head: number; heads: number },
  rate: number,
  key: DropoutKey,
): Float32Array {
  const mask = new Float32Array(length * length);
  const [keep, below] = [1 / (1 - rate), dropoutThreshold(rate)];
  const random = new Uint32Array(4);
  for (let query = 0; query < length; query++) {
    for (let other = 0; other < length; other++) {
      philox((row + query) * heads + head, other, key, random);
      mask[query * length + other] = (random[0] ?? 0) < below ? 0 : keep;
    }
  }
  return mask;
}

/** Philox4x32-10 (Salmon et al., SC 2011) of the counter (first, second, op, step) and the key (seed, 0). */
export function philox(first: number, second: number, { seed, step, op }: DropoutKey, into: Uint32Array): void {
  let [c0, c1, c2, c3] = [first >>> 0, second >>> 0, op >>> 0, step >>> 0];
  let [k0, k1] = [seed >>> 0, 0];
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = [mulHigh(0xd2511f53, c0), Math.imul(0xd2511f53, c0)];
    const [high1, low1] = [mulHigh(0xcd9e8d57, c2), Math.imul(0xcd9e8d57, c2)];
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1 >>> 0, (high0 ^ c3 ^ k1) >>> 0, low0 >>> 0];
    [k0, k1] = [(k0 + 0x9e3779b9) >>> 0, (k1 + 0xbb67ae85) >>> 0];
  }
  into[0] = c0;
  into[1] = c1;
  into[2] = c2;
  into[3] = c3;
}

/** The upper 32 bits of a product of two 32-bit integers. */
function mulHigh(a: number, b: number): number {
  const [al, ah, bl, bh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const [lh, hl] = [al * bh, ah * bl];
  const middle = ((al * bl) >>> 16) + (lh & 0xffff) + (hl & 0xffff);
  return ah * bh + (lh >>> 16) + (hl >>> 16) + (middle >>> 16);
}
