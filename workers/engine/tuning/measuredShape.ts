import type { MatmulChoice, MatmulShape } from '../ops/matmul/choice';
import { flopsOf } from './modelShapes';

export interface TunedShape {
  shape: MatmulShape;
  choice: MatmulChoice;
  /** GFLOP/s of the choice. */
  gflops: number;
  /** GFLOP/s of the default choice, made without measuring. */
  defaultGflops: number;
}

export interface TuneOptions {
  budgetMs: number;
  now?: () => number;
  /** Called between shapes. Throws to stop. */
  between?: (done: number, of: number) => Promise<void>;
}

/** Minimum tokens of a measured product. A product with fewer is too unlike the one it stands for. */
const leastTokens = 128;

/**
 * Returns the shape with as many tokens as `flops` FLOPs allow: at most its own number, and if possible at least
 * `leastTokens`.
 */
export function withTokens(shape: MatmulShape, flops: number): MatmulShape {
  const tokens = shape.layout === 'TN' ? shape.depth : shape.rows;
  const affordable = Math.floor((flops / flopsOf(shape)) * tokens);
  const used = Math.min(tokens, Math.max(leastTokens, 4 * Math.floor(affordable / 4)));
  return shape.layout === 'TN' ? { ...shape, depth: used } : { ...shape, rows: used };
}
