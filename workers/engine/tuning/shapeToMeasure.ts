import { type MatmulShape, matmulFlops } from '../ops/matmul/matmulShape';

/** Minimum tokens of a measured product. A product with fewer is too unlike the one it stands for. */
const minTokens = 128;

/**
 * Returns the shape with as many tokens as `flops` FLOPs allow: at most its own number, and if possible at least
 * `leastTokens`.
 */
export function shapeToMeasure(shape: MatmulShape, flops: number): MatmulShape {
  const tokens = shape.layout === 'TN' ? shape.depth : shape.rows;
  const affordable = Math.floor((flops / matmulFlops(shape)) * tokens);
  const used = Math.min(tokens, Math.max(minTokens, 4 * Math.floor(affordable / 4)));
  return shape.layout === 'TN' ? { ...shape, depth: used } : { ...shape, rows: used };
}
