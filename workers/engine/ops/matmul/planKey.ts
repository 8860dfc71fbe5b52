import type { MatmulShape } from './matmulShape';

/**
 * Returns a shape's key in a plan. Rounds the token count up to a power of two; tokens are the rows in NN and NT, and
 * the inner dimension in TN. `factor` scales the token count.
 */
export function planKey({ layout, epilogue, rows, columns, depth, half }: MatmulShape, factor = 1): string {
  const [tokens, first, second] = layout === 'TN' ? [depth, rows, columns] : [rows, depth, columns];
  return `${layout}${half ? ' half' : ''} ${epilogue} ${first}x${second} @${tokenBucket(tokens) * factor}`;
}

function tokenBucket(tokens: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, tokens)));
}
