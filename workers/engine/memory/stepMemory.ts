import { multipliedWeights } from '../../../src/domain/benchmark/flops';
import type { Precision } from '../../../src/domain/experiment';
import type { EncoderConfig } from '../../../src/domain/model';
import { scratchBytes } from '../engine';
import { quadsFor } from '../quads';
import { largestWindow, scoreWindows } from '../losses/scoreWindows';
import type { BatchShape, MemoryNeed } from '../../../src/domain/memory/report';
import type { StepWay } from '../../../src/domain/memory/stepWay';

/** What is trained: all numbers of the weights, and those of them that have a gradient. */
export interface ParameterCount {
  all: number;
  trained: number;
}

/** Numbers of an encoder's parameters, as BertModel has them without the pooler. */
export function parameterCount(config: EncoderConfig): number {
  const { layers, hiddenSize: H, intermediateSize: F } = config;
  const norm = 2 * H;
  const tables = (config.vocabularySize + config.maxPositions + config.typeVocabularySize) * H;
  const layer = 4 * (H * H + H) + (H * F + F) + (F * H + H) + 2 * norm;
  return tables + norm + layers * layer;
}

/** Bytes of a step on the largest batch, in one way. */
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
  return { weights, gradients, moments, activations, total: weights + gradients + moments + activations };
}

/** Bytes that lie on the device from a stage's first step to its last: weights, gradients and moments. */
export function trainingStateBytes(
  config: EncoderConfig,
  { all, trained }: ParameterCount,
  precision: Precision,
): number {
  return 4 * all + 12 * trained + halfWeightBytes(config, precision);
}

/** Rows that the encoder's arrays have room for. */
export function rowsOf({ tokens, longest }: BatchShape, way: StepWay): number {
  const most = way.kind === 'gradCache' ? Math.max(way.tokensPerPass, longest) : (way.tokensPerPass ?? tokens);
  return quadsFor(most);
}

/** Bytes of the copy in half precision of the matrices that products read. */
export function halfWeightBytes(config: EncoderConfig, precision: Precision): number {
  return precision === 'mixed' ? 2 * multipliedWeights(config) : 0;
}

function activationBytes(precision: Precision): number {
  return precision === 'mixed' ? 2 : 4;
}

/** Bytes of the largest array of one row; a device limits what an array may hold. */
export function widestRowBytes({ hiddenSize, intermediateSize }: EncoderConfig, precision: Precision = 'full'): number {
  return activationBytes(precision) * Math.max(3 * hiddenSize, intermediateSize);
}

/**
 * Bytes that are held for each row when the backward pass of the top layer begins: there a step is largest. Buffers are used again by arrays
 * of like size alone, so each size counts by its own: H, 3H, F, heads and pairs of numbers.
 */
function rowBytes(config: EncoderConfig, kind: StepWay['kind'], precision: Precision): number {
  const { layers: L, hiddenSize: H, intermediateSize: F, heads } = config;
  const kept = kind === 'recompute' ? 1 : L;
  // Input, attention, both sums before their LayerNorm and the middle of each layer; of a layer that is computed anew its output too, in the place of its gradient.
  const hidden = kind === 'recompute' ? L + 4 : 5 * L;
  // The gradients of two arrays of hidden size, and the embeddings' sum.
  const around = 3;
  // The gradient of queries, keys and values lies in a buffer that held the feed-forward's numbers, where that is hardly larger.
  const gradientFits = 3 * H <= F && 0.75 * F <= 3 * H;
  const queryKeyValue = kept + (gradientFits ? 0 : 1);
  const columnParts = (2 * H + H) / 64;
  const tokenInfo = 4 + 4 + 5;
  const activations = (hidden + around) * H + queryKeyValue * 3 * H + 2 * kept * F;
  const whole = (kept + 1) * heads + (2 * kept + 1) * 2 + columnParts + tokenInfo;
  return activationBytes(precision) * activations + 4 * whole;
}

/** Tokens of a batch that is only encoded, for each of its texts at least: short ones shall not make the vectors many. */
export const encodedTokensPerText = 16;

/**
 * Bytes for each row of a batch that is only encoded: a layer's input and output, what it computes between them, the tokens, and its share of the
 * texts' vectors.
 */
export function encodingRowBytes({ hiddenSize: H, intermediateSize: F, heads }: EncoderConfig): number {
  const vectors = (H + 1 + 1) / encodedTokensPerText;
  return 4 * (6 * H + 3 * H + 2 * F + heads + 3 * 2 + 4 + 4 + vectors);
}

/** Texts that a chunk of GradCache has room for; with [CLS] and [SEP] they have about four tokens at least. */
export function chunkTexts(pairs: number, tokensPerPass: number): number {
  return Math.min(pairs, Math.ceil(tokensPerPass / 4));
}

/** Unit vectors and their gradients, once more before they were normalised; a window of scores and one of their gradients. */
function lossNumbers({ hiddenSize }: EncoderConfig, { pairs }: BatchShape, kind: StepWay['kind']): number {
  const vectors = 2 * pairs * hiddenSize;
  const { byRow } = scoreWindows(pairs, pairs);
  return (kind === 'gradCache' ? 2 : 3) * vectors + 2 * largestWindow(byRow) + 8 * pairs;
}
