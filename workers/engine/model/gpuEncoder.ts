import type { GpuArray } from '../gpu/arrays';
import { dropoutApply } from '../ops/dropout/kernels';
import { columnSums } from '../ops/columnSums/kernels';
import { embeddingLookup, tableGradient } from '../ops/embedding/kernels';
import { planSegments } from '../ops/embedding/segmentPlan';
import { layerNormBackward, layerNormForward, type GpuLayerNormSaved } from '../ops/layerNorm/kernels';
import { freeInner, layerBackward, layerForward, type GpuContext, type GpuLayerSaved } from './gpuLayer';
import { layerParameters } from './layer';
import { embeddingNames } from './names';
import type { SegmentTable } from './segments';

/** A layer whose numbers are computed anew for the backward pass keeps its input alone. */
type Kept = { x: GpuArray } | GpuLayerSaved;
export type GpuEncoderSaved = { embeddingNorm: GpuLayerNormSaved; layers: Kept[] };

/** hidden [T, H] and what the backward pass needs; with `recompute` less memory, for a second forward pass through each layer. */
export function forward(context: GpuContext, recompute = false): { hidden: GpuArray; saved: GpuEncoderSaved } {
  const embedded = embed(context);
  const layers: Kept[] = [];
  let hidden = embedded.y; // [T, H]
  for (let layer = 0; layer < context.config.layers; layer++) {
    const { y, saved } = layerForward(hidden, layer, context);
    if (recompute) freeInner(context.gpu, saved);
    layers.push(recompute ? { x: hidden } : saved);
    hidden = y;
  }
  return { hidden, saved: { embeddingNorm: embedded.saved, layers } };
}

/** hidden [T, H] alone: what a layer saved is freed as soon as its output is there. */
export function lastHidden(context: GpuContext): GpuArray {
  const embedded = embed(context);
  freeNorm(context, embedded.saved);
  let hidden = embedded.y; // [T, H]
  for (let layer = 0; layer < context.config.layers; layer++) {
    const { y, saved } = layerForward(hidden, layer, context);
    freeInner(context.gpu, saved);
    context.gpu.pool.free(saved.x);
    hidden = y;
  }
  return hidden;
}

/**
 * Writes the gradients that `gradients` has room for, from dHidden [T, H]. Frees dHidden and what was saved as it goes down, and stops above
 * the first layer below which nothing is needed.
 */
export function backward(
  dHidden: GpuArray,
  saved: GpuEncoderSaved,
  context: GpuContext,
  gradients: SegmentTable,
): void {
  const embeddingNeeded = Object.values(embeddingNames).some((name) => gradients.has(name));
  const needed = Array.from({ length: context.config.layers }, (_, layer) =>
    layerParameters(layer).some((name) => gradients.has(name)),
  );
  let dy: GpuArray | undefined = dHidden;
  for (let layer = context.config.layers - 1; layer >= 0; layer--) {
    const kept = saved.layers.pop();
    if (!kept) break;
    const lower = embeddingNeeded || needed.slice(0, layer).some(Boolean);
    if (dy && (lower || needed[layer]))
      dy = layerBackward(dy, whole(kept, layer, context), layer, context, gradients, lower);
    else free(context, kept);
  }
  if (dy && embeddingNeeded) return embedBackward(dy, saved.embeddingNorm, context, gradients);
  if (dy) context.gpu.pool.free(dy);
  freeNorm(context, saved.embeddingNorm);
}

function whole(kept: Kept, layer: number, context: GpuContext): GpuLayerSaved {
  if ('attention' in kept) return kept;
  const { y, saved } = layerForward(kept.x, layer, context);
  context.gpu.pool.free(y);
  return saved;
}

function free({ gpu }: GpuContext, kept: Kept): void {
  if ('attention' in kept) freeInner(gpu, kept);
  gpu.pool.free(kept.x);
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
  const { ids, positions, tokens: count } = tokens.packed;
  const dNorm = dropout ? dropoutApply(gpu, dy, { ...dropout, op: 0 }) : dy;
  if (dNorm !== dy) gpu.pool.free(dy);
  const vector = (name: string): GpuArray | undefined =>
    gradients.has(name) ? gradients.view(name, [hidden]) : undefined;
  const dz = layerNormBackward(gpu, dNorm, saved, {
    gamma: vector(embeddingNames.gamma),
    beta: vector(embeddingNames.beta),
  });
  gpu.pool.free(dNorm);
  freeNorm(context, saved);
  for (const [name, indices] of [
    [embeddingNames.words, ids],
    [embeddingNames.positions, positions],
  ] as const) {
    if (!gradients.has(name)) continue;
    const pieces = gradients.pieces(name);
    for (const { array } of pieces) gpu.commands.clear(array);
    tableGradient(gpu, dz, planSegments(indices.subarray(0, count)), pieces);
  }
  const firstType = vector(embeddingNames.types); // all tokens are of type 0
  if (firstType) {
    gpu.commands.clear(gradients.view(embeddingNames.types, [typeVocabularySize, hidden]));
    columnSums(gpu, dz, firstType);
  }
  gpu.pool.free(dz);
}

function freeNorm({ gpu }: GpuContext, { z, stats }: GpuLayerNormSaved): void {
  gpu.pool.free(z);
  gpu.pool.free(stats);
}
