import type { EncoderConfig } from '../../../src/domain/model';
import type { MatmulShape } from '../ops/matmul/matmulShape';

type Sides = Pick<EncoderConfig, 'hiddenSize' | 'intermediateSize'>;

/**
 * Returns the products in one layer's forward pass over `tokens` tokens: query, key and value together, attention
 * output, feed-forward in and out.
 */
export function forwardShapes({ hiddenSize: H, intermediateSize: F }: Sides, tokens: number): MatmulShape[] {
  const linear = (columns: number, depth: number, epilogue: MatmulShape['epilogue'] = 'plain'): MatmulShape => ({
    layout: 'NT',
    epilogue,
    rows: tokens,
    columns,
    depth,
  });
  return [linear(3 * H, H), linear(H, H), linear(F, H, 'gelu'), linear(H, F)];
}

/** Returns the products in one layer's backward pass: gradients of inputs, then of weights. */
export function backwardShapes({ hiddenSize: H, intermediateSize: F }: Sides, tokens: number): MatmulShape[] {
  const input = (columns: number, depth: number, epilogue: MatmulShape['epilogue'] = 'plain'): MatmulShape => ({
    layout: 'NN',
    epilogue,
    rows: tokens,
    columns,
    depth,
  });
  const weight = (rows: number, columns: number): MatmulShape => ({
    layout: 'TN',
    epilogue: 'sums',
    rows,
    columns,
    depth: tokens,
  });
  const inputs = [input(F, H, 'gelu'), input(H, F), input(H, H), input(H, 3 * H)];
  return [...inputs, weight(H, F), weight(F, H), weight(H, H), weight(3 * H, H)];
}
