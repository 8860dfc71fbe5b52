import type { Epilogue } from '../ops/matmul/epilogue';
import type { MatmulShape } from '../ops/matmul/matmulShape';

/**
 * Returns the epilogues that follow products of this layout and class in the model, the one that is timed first. A
 * tiling serves all of them, so it must have the bits of the rule's choice with each.
 */
export function modelEpilogues({ layout, epilogue }: MatmulShape): readonly [Epilogue, ...Epilogue[]] {
  if (epilogue === 'sums') return [{ aSums: true }, { aSums: true, accumulate: true }];
  if (epilogue === 'gelu') return layout === 'NN' ? [{ geluGradient: true }] : [{ bias: true, gelu: true }];
  if (layout === 'NN') return [{}, { residual: true }];
  if (layout === 'TN') return [{}, { accumulate: true }];
  return [{ bias: true }, { bias: true, residual: true }, { bias: true, dropout: true, residual: true }];
}
