/** Exports the functions that the wasm engine calls, one per kernel, under the names in the kernels' `wasm.call`. */
export { setScratch } from './common';
export { attentionForward, attentionKeyValues, attentionQueries } from './attention';
export {
  cosentCosines, cosentGradient, cosentLoss, cosentRows, infoNceColumns, infoNceGradient, infoNceNumbers, infoNceRows,
} from './losses';
export { matmul } from './matmul';
export { dropout } from './random';
export {
  adamW, addPartials, addTwoPartials, clipping, columnPartials, embeddingGradient, embeddingLookup, gradientSquares,
  layerNormBackward, layerNormForward, normPartials, normalizeBackward, poolingBackward,
  poolingForward,
} from './rows';
export { searchBest, searchCount, searchPick } from './search';
