import * as tf from '@tensorflow/tfjs-core';
import { dropoutThreshold, philox, type DropoutKey } from './random';

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
