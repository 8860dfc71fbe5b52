import type { MatmulShape } from './matmulShape';

/** Products with a shorter inner dimension are never split. */
const minSplitDepth = 1024;
/** Minimum length of a chunk. Below it, writing and adding the parts costs more than it saves. */
const minChunk = 256;
/** Chunks are multiples of this, and so of the depth of every shared-memory tile: no padding between chunks. */
const chunkStep = 64;
/** Outputs are counted in tiles of this many rows and columns, whatever the tiling that computes them. */
const tileSide = 64;
/** Maximum tiles of all parts together: enough to keep the largest GPUs busy. Also caps the scratch array. */
export const maxSplitTiles = 1024;

/**
 * Returns the length of the chunks in which a product's inner dimension is summed. Each number of y is ((s₀ + s₁) + s₂)
 * + …, where s_c sums the terms of chunk c with fused multiply-adds in ascending order. The rule depends on nothing but
 * the shape, so a product has the same bits with every tiling. Changing it changes the bits of runs: raise
 * `kernelsVersion`.
 *
 * A product of few tiles over a long inner dimension, such as a weight gradient, would otherwise leave most cores idle.
 */
export function matmulChunk({ rows, columns, depth }: Pick<MatmulShape, 'rows' | 'columns' | 'depth'>): number {
  const tiles = Math.ceil(rows / tileSide) * Math.ceil(columns / tileSide);
  const most = depth < minSplitDepth ? 1 : Math.min(maxSplitTiles / tiles, depth / minChunk);
  const parts = 2 ** Math.max(0, Math.floor(Math.log2(most)));
  return chunkStep * Math.ceil(depth / parts / chunkStep);
}
