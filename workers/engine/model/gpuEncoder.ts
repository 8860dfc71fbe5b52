import type { GpuArray } from '../gpu/arrays';
import { dropoutApply } from '../ops/dropout/kernels';
import { embeddingLookup, tableGradient, typeGradient } from '../ops/embedding/kernels';
import { planSegments } from '../ops/embedding/segmentPlan';
import { layerNormBackward, layerNormForward, type GpuLayerNormSaved } from '../ops/layerNorm/kernels';
import { layerBackward, layerForward, type GpuContext, type GpuLayerSaved } from './gpuLayer';
import type { Need } from './layer';
import { embeddingNames } from './names';
import type { SegmentTable } from './segments';

export type GpuEncoderSaved = { embeddingNorm: GpuLayerNormSaved; layers: GpuLayerSaved[] };

/** hidden [T, H] and what the backward pass needs. */
export function forward(context: GpuContext): { hidden: GpuArray; saved: GpuEncoderSaved } {
  const embedded = embed(context);
  const layers: GpuLayerSaved[] = [];
  let hidden = embedded.y; // [T, H]
  for (let layer = 0; layer < context.config.layers; layer++) {
    const { y, saved } = layerForward(hidden, layer, context);
    layers.push(saved);
    hidden = y;
  }
  return { hidden, saved: { embeddingNorm: embedded.saved, layers } };
}

/** hidden [T, H] alone: what a layer saved is freed as soon as its output is there. */
export function lastHidden(context: GpuContext): GpuArray {
  const { pool } = context.gpu;
  const embedded = embed(context);
  freeNorm(context, embedded.saved);
  let hidden = embedded.y; // [T, H]
  for (let layer = 0; layer < context.config.layers; layer++) {
    const { y, saved } = layerForward(hidden, layer, context);
    freeNorm(context, saved.attentionNorm);
    freeNorm(context, saved.outputNorm);
    const { qkv, lse, y: attended } = saved.attention;
    for (const array of [saved.x, qkv, lse, attended, saved.middle, saved.pre, saved.gelu]) pool.free(array);
    hidden = y;
  }
  return hidden;
}

/**
 * Writes the gradients of the parameters that `need` names, from dHidden [T, H]. Frees dHidden and what was saved as it goes down, and stops
 * above the first layer below which nothing is needed.
 */
export function backward(
  dHidden: GpuArray,
  saved: GpuEncoderSaved,
  context: GpuContext,
  gradients: SegmentTable,
  need: Need,
): void {
  let dy: GpuArray | undefined = dHidden;
  for (let layer = context.config.layers - 1; layer >= 0 && dy; layer--) {
    const layerSaved = saved.layers.pop();
    if (!layerSaved) break;
    dy = layerBackward(dy, layerSaved, layer, context, gradients, need, true);
  }
  if (dy) embedBackward(dy, saved.embeddingNorm, context, gradients);
}

function embed(context: GpuContext): { y: GpuArray; saved: GpuLayerNormSaved } {
  const { gpu, weights, config, tokens } = context;
  const { hiddenSize: hidden, maxPositions, typeVocabularySize } = config;
  const tables = {
    words: weights.pieces(embeddingNames.words),
    positions: weights.view(embeddingNames.positions, [maxPositions, hidden]),
    types: weights.view(embeddingNames.types, [typeVocabularySize, hidden]),
  };
  const z = embeddingLookup(gpu, tables, tokens.rowInfo, hidden); // [T, H]
  const gamma = weights.view(embeddingNames.gamma, [hidden]);
  const beta = weights.view(embeddingNames.beta, [hidden]);
  const { y, saved } = layerNormForward(gpu, { z, gamma, beta, epsilon: config.layerNormEpsilon });
  if (!context.dropout) return { y, saved };
  const dropped = dropoutApply(gpu, y, { ...context.dropout, op: 0 });
  gpu.pool.free(y);
  return { y: dropped, saved };
}

function embedBackward(dy: GpuArray, saved: GpuLayerNormSaved, context: GpuContext, gradients: SegmentTable): void {
  const { gpu, config, tokens, dropout } = context;
  const { hiddenSize: hidden, typeVocabularySize } = config;
  const dNorm = dropout ? dropoutApply(gpu, dy, { ...dropout, op: 0 }) : dy;
  if (dNorm !== dy) gpu.pool.free(dy);
  const dz = layerNormBackward(gpu, dNorm, saved, {
    gamma: gradients.view(embeddingNames.gamma, [hidden]),
    beta: gradients.view(embeddingNames.beta, [hidden]),
  });
  gpu.pool.free(dNorm);
  freeNorm(context, saved);
  for (const [name, indices] of [
    [embeddingNames.words, tokens.packed.ids],
    [embeddingNames.positions, tokens.packed.positions],
  ] as const) {
    const pieces = gradients.pieces(name);
    for (const { array } of pieces) gpu.commands.clear(array);
    tableGradient(gpu, dz, planSegments(indices.subarray(0, tokens.packed.tokens)), pieces);
  }
  gpu.commands.clear(gradients.view(embeddingNames.types, [typeVocabularySize, hidden]));
  typeGradient(gpu, dz, gradients.view(embeddingNames.types, [hidden]));
  gpu.pool.free(dz);
}

function freeNorm({ gpu }: GpuContext, { z, stats }: GpuLayerNormSaved): void {
  gpu.pool.free(z);
  gpu.pool.free(stats);
}
