import type { MatmulShape } from './matmulShape';

/** Products with a shorter inner dimension are never split. */
const minSplitDepth = 1024;
/** Minimum length of a chunk. With shorter ones, writing and adding the parts costs more than it saves. */
const minChunk = 256;
/** Length from which the cost of writing and adding a part is small compared with its chunk, on every device. */
const longChunk = 2048;
/**
 * Chunks are multiples of this length, and therefore of the depth of every shared-memory tile, so they need no padding.
 */
const chunkStep = 64;
/** Outputs are counted in tiles of this many rows and columns, regardless of the tiling that computes them. */
const tileSide = 64;
/** Maximum number of tiles in all parts together, enough to keep the largest GPUs busy. */
const maxSplitTiles = 1024;
/**
 * Maximum number of tiles if the chunks are long. Large GPUs balance more tiles better: over 8,192 tokens, the weight
 * gradients of BERT-base run at 30 to 39 TFLOP/s on an H200, and at 23 to 30 with the limit above. Also bounds the
 * scratch array.
 */
const maxLongSplitTiles = 2304;

/**
 * Returns the length of the chunks in which a product's inner dimension is summed. Each number of y is ((s₀ + s₁) + s₂)
 * + …, where s_c sums the terms of chunk c with fused multiply-adds in ascending order. The rule depends only on the
 * shape, so a product has the same bits with every tiling. If you change it, the bits of runs change: raise
 * `kernelsVersion`.
 *
 * Without chunks, a product with few tiles and a long inner dimension, such as a weight gradient, would leave most
 * cores idle.
 */
export function matmulChunk({ rows, columns, depth }: Pick<MatmulShape, 'rows' | 'columns' | 'depth'>): number {
  const tiles = Math.ceil(rows / tileSide) * Math.ceil(columns / tileSide);
  const short = Math.min(maxSplitTiles / tiles, depth / minChunk);
  const long = Math.min(maxLongSplitTiles / tiles, depth / longChunk);
  const most = depth < minSplitDepth ? 1 : Math.max(1, short, long);
  const parts = 2 ** Math.floor(Math.log2(most));
  return chunkStep * Math.ceil(depth / parts / chunkStep);
}
