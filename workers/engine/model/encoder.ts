import type { DeviceArray } from '../arrays';
import { dropoutApply } from '../ops/dropout/dropout';
import { embeddingDropoutPlace } from '../ops/dropout/dropoutPlaces';
import { columnSums } from '../ops/columnSums/columnSums';
import { embeddingLookup, embeddingGradient, type EmbeddingPiece } from '../ops/embedding/embedding';
import { rowGroups } from '../ops/embedding/rowGroups';
import { layerNormBackward, layerNormForward, type LayerNormSaved } from '../ops/layerNorm/layerNorm';
import { freeLayerActivations, layerBackward, layerForward, type LayerSaved } from './layer';
import type { GradientSink } from './gradientSink';
import { activationDType, type EncoderContext } from './encoderContext';
import { embeddingParameterNames, layerParameterNames } from './parameterNames';
import type { SegmentTable } from './segmentTable';

/**
 * Arrays that a layer keeps for the backward pass. If the backward pass recomputes the layer, that is only its input.
 */
type Kept = { x: DeviceArray } | LayerSaved;
type EncoderSaved = { embeddingNorm: LayerNormSaved; layers: Kept[] };

/**
 * Returns hidden [T, H] and the arrays that the backward pass needs. `recompute` saves memory by keeping only each
 * layer's input, at the cost of a second forward pass through every layer.
 */
export function encoderForward(
  context: EncoderContext,
  recompute = false,
): { hidden: DeviceArray; saved: EncoderSaved } {
  const embedded = embed(context);
  const layers: Kept[] = [];
  let hidden = embedded.y; // [T, H]
  for (let layer = 0; layer < context.config.layers; layer++) {
    const { y, saved } = layerForward(hidden, layer, context);
    if (recompute) freeLayerActivations(context.engine, saved);
    layers.push(recompute ? { x: hidden } : saved);
    hidden = y;
  }
  return { hidden, saved: { embeddingNorm: embedded.saved, layers } };
}

/** Returns hidden [T, H] for inference. Frees a layer's other arrays as soon as its output is computed. */
export function encoderLastHidden(context: EncoderContext): DeviceArray {
  const embedded = embed(context);
  freeNorm(context, embedded.saved);
  let hidden = embedded.y; // [T, H]
  for (let layer = 0; layer < context.config.layers; layer++) {
    const { y, saved } = layerForward(hidden, layer, context);
    freeLayerActivations(context.engine, saved);
    context.engine.pool.free(saved.x);
    hidden = y;
  }
  return hidden;
}

/**
 * Computes gradients from dHidden [T, H], starting at the last layer. Frees dHidden and each layer's saved arrays along
 * the way, and computes nothing below the lowest trained parameter.
 */
export function encoderBackward(
  dHidden: DeviceArray,
  saved: EncoderSaved,
  context: EncoderContext,
  gradients: GradientSink,
): void {
  const { table } = gradients;
  const { adapters } = context;
  const embeddingNeeded = Object.values(embeddingParameterNames).some((name) => table.has(name));
  const needed = Array.from(
    { length: context.config.layers },
    (_, layer) => adapters?.inLayer(layer) || layerParameterNames(layer).some((name) => table.has(name)),
  );
  let dy: DeviceArray | undefined = dHidden;
  for (let layer = context.config.layers - 1; layer >= 0; layer--) {
    const kept = saved.layers.pop();
    if (!kept) break;
    const lower = embeddingNeeded || needed.slice(0, layer).some(Boolean);
    if (dy && (lower || needed[layer]))
      dy = layerBackward(dy, whole(kept, layer, context), layer, context, gradients, lower);
    else free(context, kept);
  }
  if (dy && embeddingNeeded) return embedBackward(dy, saved.embeddingNorm, context, gradients);
  if (dy) context.engine.pool.free(dy);
  freeNorm(context, saved.embeddingNorm);
}

function whole(kept: Kept, layer: number, context: EncoderContext): LayerSaved {
  if ('attention' in kept) return kept;
  const { y, saved } = layerForward(kept.x, layer, context);
  context.engine.pool.free(y);
  return saved;
}

function free({ engine }: EncoderContext, kept: Kept): void {
  if ('attention' in kept) freeLayerActivations(engine, kept);
  engine.pool.free(kept.x);
}

function embed(context: EncoderContext): { y: DeviceArray; saved: LayerNormSaved } {
  const { engine, weights, config, tokens } = context;
  const { hiddenSize: hidden, maxPositions, typeVocabularySize } = config;
  const tables = {
    words: [...weights.pieces(embeddingParameterNames.words), ...prefixPieces(weights, weights)],
    positions: weights.view(embeddingParameterNames.positions, [maxPositions, hidden]),
    types: weights.view(embeddingParameterNames.types, [typeVocabularySize, hidden]),
  };
  const z = embeddingLookup(engine, tables, tokens.rowInfo, hidden, activationDType(context)); // [T, H]
  const gamma = weights.view(embeddingParameterNames.gamma, [hidden]);
  const beta = weights.view(embeddingParameterNames.beta, [hidden]);
  const { y, saved } = layerNormForward(engine, { z, gamma, beta, epsilon: config.layerNormEpsilon });
  const place = embeddingDropoutPlace(context.dropout);
  if (!place) return { y, saved };
  const dropped = dropoutApply(engine, y, place);
  engine.pool.free(y);
  return { y: dropped, saved };
}

function embedBackward(
  dy: DeviceArray,
  saved: LayerNormSaved,
  context: EncoderContext,
  { table, accumulate }: GradientSink,
): void {
  const { engine, config, tokens } = context;
  const { hiddenSize: hidden, typeVocabularySize } = config;
  const { ids, positions, tokens: count } = tokens.packed;
  const place = embeddingDropoutPlace(context.dropout);
  const dNorm = place ? dropoutApply(engine, dy, place) : dy;
  if (dNorm !== dy) engine.pool.free(dy);
  const vector = (name: string): DeviceArray | undefined => (table.has(name) ? table.view(name, [hidden]) : undefined);
  const norm = { gamma: vector(embeddingParameterNames.gamma), beta: vector(embeddingParameterNames.beta) };
  const dz = layerNormBackward(engine, dNorm, saved, norm, accumulate); // [T, H]
  engine.pool.free(dNorm);
  freeNorm(context, saved);
  for (const [pieces, indices] of [
    [[...piecesOf(table, embeddingParameterNames.words), ...prefixPieces(table, context.weights)], ids],
    [piecesOf(table, embeddingParameterNames.positions), positions],
  ] as const) {
    if (pieces.length === 0) continue;
    if (!accumulate) for (const { array } of pieces) engine.commands.clear(array);
    embeddingGradient(engine, dz, rowGroups(indices.subarray(0, count)), pieces);
  }
  const firstType = vector(embeddingParameterNames.types); // all tokens have type 0
  if (firstType) {
    if (!accumulate) engine.commands.clear(table.view(embeddingParameterNames.types, [typeVocabularySize, hidden]));
    columnSums(engine, dz, firstType, accumulate);
  }
  engine.pool.free(dz);
}

function piecesOf(table: SegmentTable, name: string): EmbeddingPiece[] {
  return table.has(name) ? table.pieces(name) : [];
}

/** Returns the table's rows of a prefix, if it has any. Their ids come after those of the words. */
function prefixPieces(table: SegmentTable, { layout }: SegmentTable): EmbeddingPiece[] {
  const [words = 0] = layout.shapes.get(embeddingParameterNames.words) ?? [];
  return piecesOf(table, embeddingParameterNames.prefix).map((piece) => ({
    ...piece,
    firstRow: words + piece.firstRow,
  }));
}

function freeNorm({ engine }: EncoderContext, { z, stats }: LayerNormSaved): void {
  engine.pool.free(z);
  engine.pool.free(stats);
}
