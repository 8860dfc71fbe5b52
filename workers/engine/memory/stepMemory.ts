import type { Precision } from '../../../src/domain/experiment';
import type { EncoderConfig } from '../../../src/domain/model';
import type { InfoNceSettings } from '../../../src/domain/train/lossSchema';
import { scratchBytes } from '../scratch';
import { quadsFor } from '../quads';
import { statPlaneCount } from '../losses/infoNceParams';
import { largestWindowScores, scoreWindows } from '../losses/scoreWindows';
import type { MemoryNeed } from '../../../src/domain/memory/report';
import type { StepStrategy } from '../../../src/domain/memory/stepStrategy';
import type { ParameterCount } from './parameterCount';
import { maxChunkTexts } from './maxChunkTexts';
import { adapterRowBytes, stepRowBytes } from './rowBytes';
import type { StageShape } from './stageShape';
import { halfWeightBytes, optimizerTables, paddingFloats } from './trainingState';

/** Returns the bytes of a step on the largest batch, with the given strategy. */
export function stepMemoryNeed(
  config: EncoderConfig,
  parameters: ParameterCount,
  shape: StageShape,
  stepStrategy: StepStrategy,
  precision: Precision = 'full',
): MemoryNeed {
  const padding = paddingFloats(config);
  const weights = 4 * (parameters.all + padding) + halfWeightBytes(config, precision);
  const gradients = 4 * (parameters.trained + padding);
  const moments = 4 * optimizerTables(parameters) * (parameters.trained + padding);
  const rows = rowsOf(shape, stepStrategy);
  const chunkVectors =
    stepStrategy.kind === 'gradCache' ? 3 * maxChunkTexts(shape.candidates, rows) * (config.hiddenSize + 1) : 0;
  const { adapters } = parameters;
  const ofAdapters = adapters ? adapterRowBytes(config, adapters, stepStrategy.kind) : 0;
  const rowBytes = stepRowBytes(config, stepStrategy.kind, precision) + ofAdapters;
  const kept = rows * rowBytes + 4 * (lossNumbers(config, shape, stepStrategy.kind) + chunkVectors);
  const activations = kept + scratchBytes;
  return { weights, gradients, moments, activations, snapshot: 0, total: weights + gradients + moments + activations };
}

/** Returns the bytes of a checkpoint's float32 weights, moments and average. */
export function snapshotBytes(parameters: ParameterCount): number {
  return 4 * (parameters.all + optimizerTables(parameters) * parameters.trained);
}

/** Returns the number of rows for which the encoder's arrays have room. */
function rowsOf({ tokens, longest }: StageShape, stepStrategy: StepStrategy): number {
  const most =
    stepStrategy.kind === 'gradCache'
      ? Math.max(stepStrategy.tokensPerPass, longest)
      : (stepStrategy.tokensPerPass ?? tokens);
  return quadsFor(most);
}

/**
 * Returns how many numbers the loss holds: unit vectors, their gradients, and (except in GradCache) the gradients of
 * the unnormalized vectors; plus everything computed from them.
 */
function lossNumbers({ hiddenSize }: EncoderConfig, shape: StageShape, kind: StepStrategy['kind']): number {
  const { pairs, candidates, loss } = shape;
  const vectors = (kind === 'gradCache' ? 2 : 3) * (pairs + candidates) * hiddenSize;
  switch (loss?.kind) {
    case undefined:
    case 'inBatchInfoNce':
      return vectors + infoNceNumbers(shape, loss);
    case 'cosent':
      return vectors + 6 * pairs; // scores, cosines and statistics
    case 'sigmoidPairs':
    case 'angle':
      // tfjs keeps all intermediates until the step's commands are submitted, and then pools them. The factors are
      // measured.
      return vectors + 16 * pairs * pairs + 8 * pairs * hiddenSize + 16 * pairs + 512;
    case 'cosineMse':
      // Compares each pair with its own score only, so no array has pairs² numbers. Measured.
      return vectors + 3 * pairs * hiddenSize + 14 * pairs + 16;
    case 'triplet':
      // Measured with three or more negatives per anchor. A single one needs a fifth less.
      return vectors + (11 * candidates - 4 * pairs) * hiddenSize + 12 * candidates + 512;
    case 'distillation':
      // Measured with two or more negatives per anchor, with a tensor for each column of candidates. A single one needs
      // less. The teacher's scores are on the device, too; its vectors stay on the host.
      return (
        vectors +
        (8 * candidates - 3 * pairs) * hiddenSize +
        (19 * candidates + 8 * pairs + Math.ceil((112 * candidates) / pairs) + 320)
      );
    default:
      return loss satisfies never;
  }
}

/**
 * Returns how many numbers InfoNCE computes from the vectors: a window of scores and a window of their gradients;
 * statistics of the rows and columns; the mask of pairs left out; a guide's vectors and a window of its scores; and
 * prefixes of each length with their norms and gradients. The pool keeps the arrays of each length, because it reuses
 * an array only for one of similar size.
 */
function infoNceNumbers(
  { pairs, candidates, guide }: StageShape,
  { sameSide, falseNegatives, inBatchNegatives, matryoshka = [] }: Partial<InfoNceSettings> = {},
): number {
  const amongQueries = sameSide === 'queries' || sameSide === 'both';
  const window = Math.max(largestWindow(pairs, candidates), amongQueries ? largestWindow(pairs, pairs) : 0);
  const mask = candidates > pairs || falseNegatives?.known || inBatchNegatives ? pairs * Math.ceil(candidates / 32) : 0;
  const prefixes = matryoshka.reduce((sum, { dimension }) => sum + (pairs + candidates) * (2 * dimension + 1), 0);
  const ofGuide = guide ? window + (pairs + candidates) * guide.config.hiddenSize : 0;
  return 2 * window + statPlaneCount * pairs + mask + ofGuide + prefixes;
}

function largestWindow(rows: number, columns: number): number {
  const { byRow, byColumn } = scoreWindows(rows, columns);
  return Math.max(largestWindowScores(byRow), largestWindowScores(byColumn));
}
