import * as tf from '@tensorflow/tfjs-core';

/** Which random numbers: the same key gives the same mask on every device, also after a resume. */
export interface DropoutKey {
  seed: number;
  step: number;
  /** A different number for each place in the network that drops. */
  op: number;
}

/** A mask of 0 (with probability `rate`) and 1/(1 − rate) (Srivastava et al., JMLR 2014). */
export function dropoutMask(shape: number[], rate: number, key: DropoutKey): tf.Tensor {
  const mask = new Float32Array(shape.reduce((product, side) => product * side, 1));
  const keep = 1 / (1 - rate);
  const threshold = rate * 2 ** 32;
  const stream = mix(mix(mix(key.seed) ^ key.step) ^ key.op);
  for (let i = 0; i < mask.length; i++)
    mask[i] = mix((stream + Math.imul(i, 0x9e3779b9)) | 0) >>> 0 < threshold ? 0 : keep;
  return tf.tensor(mask, shape);
}

/** A bijection of 32-bit integers that lets every bit move every other: MurmurHash3's finaliser with lowbias32's constants. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
