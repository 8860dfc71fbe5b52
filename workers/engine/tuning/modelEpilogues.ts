import type { LayerProduct } from '../../../src/domain/kernelTuning';
import type { Epilogue } from '../ops/matmul/epilogue';
import type { MatmulShape } from '../ops/matmul/matmulShape';

/**
 * Returns the epilogues that follow a product in the model; the first is the one that is timed. If the product's place
 * in the model is unknown, returns all epilogues of its layout and class. A tiling must compute the same bits as the
 * default tiling with each of them. `dropout`: whether the run applies dropout to hidden states.
 */
export function modelEpilogues(
  { layout, epilogue, product }: MatmulShape & { product?: LayerProduct },
  dropout: boolean,
): readonly [Epilogue, ...Epilogue[]] {
  if (epilogue === 'sums') return [{ aSums: true }, { aSums: true, accumulate: true }];
  if (epilogue === 'gelu') return layout === 'NN' ? [{ geluGradient: true }] : [{ bias: true, gelu: true }];
  if (layout === 'NN') return product === 'attentionOutput' ? [{}] : [{}, { residual: true }];
  if (layout === 'TN') return [{}, { accumulate: true }];
  if (product === 'queryKeyValue') return [{ bias: true }];
  const dropped = dropout ? [{ bias: true, dropout: true, residual: true }] : [];
  return [{ bias: true }, { bias: true, residual: true }, ...dropped];
}
