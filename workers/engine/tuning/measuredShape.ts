import type { MatmulChoice, MatmulShape } from '../ops/matmul/choice';
import { flopsOf } from './modelShapes';

export interface TunedShape {
  shape: MatmulShape;
  choice: MatmulChoice;
  /** GFLOP/s of the choice, and of the one without measuring. */
  gflops: number;
  defaultGflops: number;
}

export interface TuneOptions {
  budgetMs: number;
  now?: () => number;
  /** Called between shapes; throws to stop. */
  between?: (done: number, of: number) => Promise<void>;
}

/** Tokens of a measured product at least: fewer would measure another case. */
const leastTokens = 128;

/** The shape with as many tokens as fit into so many FLOPs. */
export function withTokens(shape: MatmulShape, flops: number): MatmulShape {
  const tokens = shape.layout === 'TN' ? shape.depth : shape.rows;
  const affordable = Math.floor((flops / flopsOf(shape)) * tokens);
  const used = Math.min(tokens, Math.max(leastTokens, 4 * Math.floor(affordable / 4)));
  return shape.layout === 'TN' ? { ...shape, depth: used } : { ...shape, rows: used };
}
