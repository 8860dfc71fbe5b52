import { type MatmulShape, matmulFlops } from '../ops/matmul/matmulShape';

/** Minimum tokens of a measured product. With fewer, it would say little about the product that it represents. */
const minTokens = 128;

/**
 * Returns the shape with as many tokens as `flops` FLOPs allow: at most its own number, and if possible at least
 * `minTokens`.
 */
export function shapeToMeasure(shape: MatmulShape, flops: number): MatmulShape {
  const tokens = shape.layout === 'TN' ? shape.depth : shape.rows;
  const affordable = Math.floor((flops / matmulFlops(shape)) * tokens);
  const used = Math.min(tokens, Math.max(minTokens, 4 * Math.floor(affordable / 4)));
  return shape.layout === 'TN' ? { ...shape, depth: used } : { ...shape, rows: used };
}
