import type { Precision } from '../../../src/domain/experiment';
import { matrixParameters, type EncoderConfig } from '../../../src/domain/model';
import { scratchBytes } from '../engine';
import { quadsFor } from '../quads';
import { largestWindow, scoreWindows } from '../losses/scoreWindows';
import type { BatchShape, MemoryNeed } from '../../../src/domain/memory/report';
import type { StepWay } from '../../../src/domain/memory/stepWay';

/** Parameter counts of a model: all, and those that are trained and therefore have gradients and moments. */
export interface ParameterCount {
  all: number;
  trained: number;
}

/** Counts an encoder's parameters: BertModel without the pooler. */
export function parameterCount(config: EncoderConfig): number {
  const { layers, hiddenSize: H, intermediateSize: F } = config;
  const norm = 2 * H;
  const tables = (config.vocabularySize + config.maxPositions + config.typeVocabularySize) * H;
  const layer = 4 * (H * H + H) + (H * F + F) + (F * H + H) + 2 * norm;
  return tables + norm + layers * layer;
}

/** Returns the bytes of a step on the largest batch, with the given strategy. */
export function memoryNeed(
  config: EncoderConfig,
  parameters: ParameterCount,
  shape: BatchShape,
  way: StepWay,
  precision: Precision = 'full',
): MemoryNeed {
  const weights = 4 * parameters.all + halfWeightBytes(config, precision);
  const gradients = 4 * parameters.trained;
  const moments = 8 * parameters.trained;
  const rows = rowsOf(shape, way);
  const chunkVectors = way.kind === 'gradCache' ? 3 * chunkTexts(shape.pairs, rows) * (config.hiddenSize + 1) : 0;
  const kept = rows * rowBytes(config, way.kind, precision) + 4 * (lossNumbers(config, shape, way.kind) + chunkVectors);
  const activations = kept + scratchBytes;
  return { weights, gradients, moments, activations, snapshot: 0, total: weights + gradients + moments + activations };
}

/** Returns the bytes held from a stage's first step to its last: weights, gradients and moments. */
export function trainingStateBytes(
  config: EncoderConfig,
  { all, trained }: ParameterCount,
  precision: Precision,
): number {
  return 4 * all + 12 * trained + halfWeightBytes(config, precision);
}

/** Returns the bytes of a checkpoint: weights and moments, in float32. */
export function snapshotBytes({ all, trained }: ParameterCount): number {
  return 4 * all + 8 * trained;
}

/** Returns the number of rows that the encoder's arrays have room for. */
function rowsOf({ tokens, longest }: BatchShape, way: StepWay): number {
  const most = way.kind === 'gradCache' ? Math.max(way.tokensPerPass, longest) : (way.tokensPerPass ?? tokens);
  return quadsFor(most);
}

/** Returns the bytes of the half-precision copies of the matrices that products read; 0 in full precision. */
function halfWeightBytes(config: EncoderConfig, precision: Precision): number {
  return precision === 'mixed' ? 2 * matrixParameters(config) : 0;
}

function activationBytes(precision: Precision): number {
  return precision === 'mixed' ? 2 : 4;
}

/** Returns the bytes per row of the widest array. Devices limit the size of an array. */
export function widestRowBytes({ hiddenSize, intermediateSize }: EncoderConfig, precision: Precision = 'full'): number {
  return activationBytes(precision) * Math.max(3 * hiddenSize, intermediateSize);
}

/**
 * Returns the bytes held per row when the backward pass of the top layer begins, which is the peak of a step. A buffer
 * is reused only by arrays of similar size, so each size counts separately: H, 3H, F, heads, and pairs of numbers.
 */
function rowBytes(config: EncoderConfig, kind: StepWay['kind'], precision: Precision): number {
  const { layers: L, hiddenSize: H, intermediateSize: F, heads } = config;
  const kept = kind === 'recompute' ? 1 : L;
  // Per layer: input, attention output, both sums before LayerNorm, and the middle. `around` covers a recomputed
  // layer's output, because one of the gradients reuses its buffer.
  const hidden = kind === 'recompute' ? L + 4 : 5 * L;
  // The gradients of two hidden-size arrays, and the sum of the embeddings.
  const around = 3;
  // The gradient of queries, keys and values can reuse a feed-forward buffer if that is not much larger.
  const gradientFits = 3 * H <= F && 0.75 * F <= 3 * H;
  const queryKeyValue = kept + (gradientFits ? 0 : 1);
  const columnParts = (2 * H + H) / 64;
  const tokenInfo = 4 + 4 + 5;
  const activations = (hidden + around) * H + queryKeyValue * 3 * H + 2 * kept * F;
  const whole = (kept + 1) * heads + (2 * kept + 1) * 2 + columnParts + tokenInfo;
  return activationBytes(precision) * activations + 4 * whole;
}

/**
 * An encode-only batch has at most one text per this many tokens. Otherwise the vectors of many short texts would take
 * too much memory.
 */
export const encodedTokensPerText = 16;

/**
 * Returns the bytes per row of an encode-only batch: a layer's input and output, its intermediate arrays, the tokens,
 * and a share of the texts' vectors.
 */
export function encodingRowBytes({ hiddenSize: H, intermediateSize: F, heads }: EncoderConfig): number {
  const vectors = (H + 1 + 1) / encodedTokensPerText;
  return 4 * (6 * H + 3 * H + 2 * F + heads + 3 * 2 + 4 + 4 + vectors);
}

/**
 * Returns the number of texts that a GradCache chunk has room for. With [CLS] and [SEP], almost every text has at least
 * four tokens.
 */
export function chunkTexts(pairs: number, tokensPerPass: number): number {
  return Math.min(pairs, Math.ceil(tokensPerPass / 4));
}

/**
 * Returns how many numbers the loss holds: unit vectors, their gradients, and (except in GradCache) the gradients of
 * the unnormalized vectors; a window of scores and a window of their gradients; statistics of rows and columns.
 */
function lossNumbers({ hiddenSize }: EncoderConfig, { pairs }: BatchShape, kind: StepWay['kind']): number {
  const vectors = 2 * pairs * hiddenSize;
  const { byRow } = scoreWindows(pairs, pairs);
  return (kind === 'gradCache' ? 2 : 3) * vectors + 2 * largestWindow(byRow) + 8 * pairs;
}
