import * as tf from '@tensorflow/tfjs-core';
import { philox } from '../../../../src/domain/random';
import type { DropoutPlaceKey, DropoutPlace } from '../../../../workers/engine/ops/dropout/dropoutPlaces';
import { dropoutThreshold } from '../../../../workers/engine/ops/dropout/dropout';

/** Draws four random numbers: Philox with counter (first, second, op, step) and key (seed, 0). */
function draw(first: number, second: number, { seed, step, op }: DropoutPlaceKey): number[] {
  return philox([first >>> 0, second >>> 0, op >>> 0, step >>> 0], [seed >>> 0, 0]);
}

/** Returns a mask whose elements are 0 with probability `rate`, else 1/(1 − rate) (Srivastava et al., JMLR 2014). */
export function dropoutMask(shape: number[], rate: number, key: DropoutPlaceKey): tf.Tensor {
  const mask = new Float32Array(shape.reduce((product, side) => product * side, 1));
  const [keep, below] = [1 / (1 - rate), dropoutThreshold(rate)];
  let random: number[] = [];
  for (let i = 0; i < mask.length; i++) {
    if (i % 4 === 0) random = draw(i / 4, 0, key);
    mask[i] = (random[i % 4] ?? 0) < below ? 0 : keep;
  }
  return tf.tensor(mask, shape);
}

/**
 * Returns the mask [S, S] for the attention probabilities of one text and head. `row` is the text's first row in the
 * batch. Rows are numbered within the batch and keys within the text, so the mask does not depend on how texts are
 * grouped. A draw's four numbers belong to four consecutive keys.
 */
export function probabilityDropoutMask(
  { row, length, head, heads }: { row: number; length: number; head: number; heads: number },
  rate: number,
  key: DropoutPlaceKey,
): Float32Array {
  const mask = new Float32Array(length * length);
  const [keep, below] = [1 / (1 - rate), dropoutThreshold(rate)];
  let random: number[] = [];
  for (let query = 0; query < length; query++) {
    for (let other = 0; other < length; other++) {
      if (other % 4 === 0) random = draw((row + query) * heads + head, other / 4, key);
      mask[query * length + other] = (random[other % 4] ?? 0) < below ? 0 : keep;
    }
  }
  return mask;
}

export function hiddenDropoutMask(shape: number[], place: DropoutPlace | undefined): tf.Tensor | undefined {
  return place && dropoutMask(shape, place.rate, place);
}
