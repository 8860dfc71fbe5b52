import type { Precision } from '../../../src/domain/experiment';
import type { EncoderConfig } from '../../../src/domain/model';
import { scratchBytes } from '../scratch';
import { quadsFor } from '../quads';
import { statPlaneCount } from '../losses/infoNceParams';
import { largestWindowScores, scoreWindows } from '../losses/scoreWindows';
import type { BatchShape, MemoryNeed } from '../../../src/domain/memory/report';
import type { StepWay } from '../../../src/domain/memory/stepWay';
import type { ParameterCount } from './parameterCount';
import { maxChunkTexts } from './maxChunkTexts';
import { adapterRowBytes, stepRowBytes } from './rowBytes';
import { halfWeightBytes, paddingFloats } from './trainingState';

/** Returns the bytes of a step on the largest batch, with the given strategy. */
export function stepMemoryNeed(
  config: EncoderConfig,
  parameters: ParameterCount,
  shape: BatchShape,
  way: StepWay,
  precision: Precision = 'full',
): MemoryNeed {
  const padding = paddingFloats(config);
  const weights = 4 * (parameters.all + padding) + halfWeightBytes(config, precision);
  const gradients = 4 * (parameters.trained + padding);
  const moments = 8 * (parameters.trained + padding);
  const rows = rowsOf(shape, way);
  const chunkVectors =
    way.kind === 'gradCache' ? 3 * maxChunkTexts(shape.candidates, rows) * (config.hiddenSize + 1) : 0;
  const { adapters } = parameters;
  const ofAdapters = adapters ? adapterRowBytes(config, adapters, way.kind) : 0;
  const rowBytes = stepRowBytes(config, way.kind, precision) + ofAdapters;
  const kept = rows * rowBytes + 4 * (lossNumbers(config, shape, way.kind) + chunkVectors);
  const activations = kept + scratchBytes;
  return { weights, gradients, moments, activations, snapshot: 0, total: weights + gradients + moments + activations };
}

/** Returns the bytes of a checkpoint's float32 weights and moments. */
export function snapshotBytes({ all, trained }: ParameterCount): number {
  return 4 * all + 8 * trained;
}

/** Returns the number of rows for which the encoder's arrays have room. */
function rowsOf({ tokens, longest }: BatchShape, way: StepWay): number {
  const most = way.kind === 'gradCache' ? Math.max(way.tokensPerPass, longest) : (way.tokensPerPass ?? tokens);
  return quadsFor(most);
}

/**
 * Returns how many numbers the loss holds: unit vectors, their gradients, and (except in GradCache) the gradients of
 * the unnormalized vectors; a window of scores and a window of their gradients; statistics of the rows and columns; the
 * mask of known answers; and prefixes of each length with their norms and gradients. The pool keeps the arrays of each
 * length, because it reuses an array only for one of similar size.
 */
function lossNumbers(
  { hiddenSize }: EncoderConfig,
  { pairs, candidates, loss = {} }: BatchShape,
  kind: StepWay['kind'],
): number {
  const texts = pairs + candidates;
  const amongQueries = loss.sameSide === 'queries' || loss.sameSide === 'both';
  const window = Math.max(largestWindow(pairs, candidates), amongQueries ? largestWindow(pairs, pairs) : 0);
  const mask = loss.falseNegatives?.known ? pairs * Math.ceil(candidates / 32) : 0;
  const prefixes = (loss.matryoshka ?? []).reduce((sum, { dimension }) => sum + texts * (2 * dimension + 1), 0);
  const vectors = (kind === 'gradCache' ? 2 : 3) * texts * hiddenSize;
  return vectors + 2 * window + statPlaneCount * pairs + mask + prefixes;
}

function largestWindow(rows: number, columns: number): number {
  const { byRow, byColumn } = scoreWindows(rows, columns);
  return Math.max(largestWindowScores(byRow), largestWindowScores(byColumn));
}
