import type { EncoderConfig } from '../../../src/domain/model';
import type { MatmulShape } from '../ops/matmul/choice';

type Sides = Pick<EncoderConfig, 'hiddenSize' | 'intermediateSize'>;

/** The products of one layer's forward pass over so many tokens: query, key and value, attention's output, feed-forward in and out. */
export function forwardShapes({ hiddenSize: H, intermediateSize: F }: Sides, tokens: number): MatmulShape[] {
  const linear = (columns: number, depth: number, epilogue: MatmulShape['epilogue'] = 'plain'): MatmulShape => ({
    layout: 'NT', epilogue, rows: tokens, columns, depth,
  }); // prettier-ignore
  return [linear(3 * H, H), linear(H, H), linear(F, H, 'gelu'), linear(H, F)];
}

/** The products of its backward pass: the gradients of inputs and of weights. */
export function backwardShapes({ hiddenSize: H, intermediateSize: F }: Sides, tokens: number): MatmulShape[] {
  const input = (columns: number, depth: number, epilogue: MatmulShape['epilogue'] = 'plain'): MatmulShape => ({
    layout: 'NN', epilogue, rows: tokens, columns, depth,
  }); // prettier-ignore
  const weight = (rows: number, columns: number): MatmulShape => ({
    layout: 'TN', epilogue: 'sums', rows, columns, depth: tokens,
  }); // prettier-ignore
  const inputs = [input(F, H, 'gelu'), input(H, F), input(H, H), input(H, 3 * H)];
  return [...inputs, weight(H, F), weight(F, H), weight(H, H), weight(3 * H, H)];
}

export function flopsOf({ rows, columns, depth }: MatmulShape): number {
  return 2 * rows * columns * depth;
}
