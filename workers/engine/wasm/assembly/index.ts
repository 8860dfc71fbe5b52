/** What the wasm engine calls: a function a kernel, named as in the kernel's `wasm`. */
export { setScratch } from './common';
export { attentionForward, attentionKeyValues, attentionQueries } from './attention';
export { matmul } from './matmul';
export { dropout } from './random';
export {
  adamW, addPartials, addTwoPartials, clipping, columnPartials, embeddingGradient, embeddingLookup, gradientSquares, infoNceColumns,
  infoNceGradient, infoNceNumbers, infoNceRows, layerNormBackward, layerNormForward, normPartials, normalizeBackward, poolingBackward,
  poolingForward,
} from './rows';
