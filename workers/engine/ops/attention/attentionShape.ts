import type { EngineTraits } from '../../engine';
import { dropoutParams } from '../dropout/dropout';

/** Uniforms of the attention kernels. `squaredLengths` is the sum of the squared lengths of all texts. */
export const attentionParams = {
  blockCount: 'u32',
  heads: 'u32',
  longest: 'u32',
  squaredLengths: 'u32',
  ...dropoutParams,
} as const;

export type AttentionParam = keyof typeof attentionParams;

/**
 * Rows per block on wasm. Most texts fit in one block, and a block's scores against a long text stay in the L2 cache.
 */
export const wasmBlockRows = 96;

/** Rows per block on a GPU, where a workgroup computes one block or part of one. */
export const gpuBlockRows = 64;

/**
 * Returns the maximum number of rows per block. It is a multiple of four because the four random numbers of a draw
 * belong to four consecutive keys, so blocks must begin at multiples of four within their text.
 */
export function attentionBlockRows({ software, wasm }: EngineTraits): number {
  if (wasm) return wasmBlockRows;
  return software ? 4 : gpuBlockRows;
}

/**
 * Returns a function that computes the FLOPs of a dispatch in which each row is multiplied `products` times with each
 * key.
 */
export function attentionFlops(products: number, headSize: number) {
  return ({ heads, squaredLengths }: Readonly<Record<AttentionParam, number>>): number =>
    2 * products * squaredLengths * heads * headSize;
}
