import type { LayerProduct, ProductPass } from '../../../src/domain/kernelTuning';
import type { EncoderConfig } from '../../../src/domain/model';
import type { MatmulShape } from '../ops/matmul/matmulShape';

type Sides = Pick<EncoderConfig, 'hiddenSize' | 'intermediateSize'>;

/** The shape of a product and its place in the model. */
export interface ModelShape extends MatmulShape {
  product: LayerProduct;
  pass: ProductPass;
}

/** Returns the products in one layer's forward pass over `tokens` tokens. */
export function forwardShapes({ hiddenSize: H, intermediateSize: F }: Sides, tokens: number): ModelShape[] {
  const linear = (
    product: LayerProduct,
    columns: number,
    depth: number,
    epilogue: MatmulShape['epilogue'] = 'plain',
  ): ModelShape => ({ product, pass: 'forward', layout: 'NT', epilogue, rows: tokens, columns, depth });
  return [
    linear('queryKeyValue', 3 * H, H),
    linear('attentionOutput', H, H),
    linear('feedForwardIn', F, H, 'gelu'),
    linear('feedForwardOut', H, F),
  ];
}

/** Returns the products in one layer's backward pass: gradients of inputs, then of weights. */
export function backwardShapes({ hiddenSize: H, intermediateSize: F }: Sides, tokens: number): ModelShape[] {
  const input = (
    product: LayerProduct,
    columns: number,
    depth: number,
    epilogue: MatmulShape['epilogue'] = 'plain',
  ): ModelShape => ({ product, pass: 'inputGradient', layout: 'NN', epilogue, rows: tokens, columns, depth });
  const weight = (product: LayerProduct, rows: number, columns: number): ModelShape => ({
    ...{ product, pass: 'weightGradient', layout: 'TN', epilogue: 'sums', rows, columns },
    depth: tokens,
  });
  return [
    input('feedForwardOut', F, H, 'gelu'),
    input('feedForwardIn', H, F),
    input('attentionOutput', H, H),
    input('queryKeyValue', H, 3 * H),
    weight('feedForwardOut', H, F),
    weight('feedForwardIn', F, H),
    weight('attentionOutput', H, H),
    weight('queryKeyValue', 3 * H, H),
  ];
}
