/** Exports the functions that the wasm engine calls, one per kernel, under the names in the kernels' `wasm.call`. */
export { adamW } from './adamW';
export { attentionForward, attentionKeyValues, attentionQueries } from './attention';
export { clipping } from './clipping';
export { addPartials, addTwoPartials, columnPartials, normPartials } from './columnSums';
export { cosentCosines, cosentGradient, cosentLoss, cosentRows } from './cosent';
export { dropout } from './dropout';
export { embeddingGradient, embeddingLookup } from './embedding';
export { infoNceColumns, infoNceGradient, infoNceJoint, infoNceNumbers, infoNceRows } from './infoNce';
export { layerNormBackward, layerNormForward } from './layerNorm';
export { prefixBackward, prefixForward, prefixNumbers } from './matryoshka';
export { matmul } from './matmul';
export { movingAverage } from './movingAverage';
export { normalizeBackward } from './normalize';
export { poolingBackward, poolingForward } from './pooling';
export { sameSideGradient, sameSideRows } from './sameSide';
export { setScratch } from './scratch';
export { searchBest, searchCount, searchPick } from './search';
export { gradientSquares } from './sumSquares';
