import type { Precision } from '../../../src/domain/experiment';
import type { EncoderConfig } from '../../../src/domain/model';
import { scratchBytes } from '../scratch';
import { quadsFor } from '../quads';
import { largestWindowScores, scoreWindows } from '../losses/scoreWindows';
import type { MemoryNeed } from '../../../src/domain/memory/report';
import type { StepWay } from '../../../src/domain/memory/stepWay';
import type { ParameterCount } from './parameterCount';
import { maxChunkTexts } from './maxChunkTexts';
import { stepRowBytes } from './rowBytes';
import type { StageShape } from './stageShape';
import { halfWeightBytes, paddingFloats } from './trainingState';

/** Returns the bytes of a step on the largest batch, with the given strategy. */
export function stepMemoryNeed(
  config: EncoderConfig,
  parameters: ParameterCount,
  shape: StageShape,
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
  const kept =
    rows * stepRowBytes(config, way.kind, precision) + 4 * (lossNumbers(config, shape, way.kind) + chunkVectors);
  const activations = kept + scratchBytes;
  return { weights, gradients, moments, activations, snapshot: 0, total: weights + gradients + moments + activations };
}

/** Returns the bytes of a checkpoint's float32 weights and moments. */
export function snapshotBytes({ all, trained }: ParameterCount): number {
  return 4 * all + 8 * trained;
}

/** Returns the number of rows for which the encoder's arrays have room. */
function rowsOf({ tokens, longest }: StageShape, way: StepWay): number {
  const most = way.kind === 'gradCache' ? Math.max(way.tokensPerPass, longest) : (way.tokensPerPass ?? tokens);
  return quadsFor(most);
}

/**
 * Returns how many numbers the loss holds: unit vectors, their gradients, and (except in GradCache) the gradients of
 * the unnormalized vectors; and what it computes from them.
 */
function lossNumbers({ hiddenSize }: EncoderConfig, shape: StageShape, kind: StepWay['kind']): number {
  const vectors = (shape.pairs + shape.candidates) * hiddenSize;
  return (kind === 'gradCache' ? 2 : 3) * vectors + intermediateNumbers(shape, hiddenSize);
}

function intermediateNumbers({ pairs, candidates, loss = 'inBatchInfoNce' }: StageShape, hiddenSize: number): number {
  switch (loss) {
    case 'inBatchInfoNce': {
      // A window of scores and a window of their gradients; row and column statistics.
      const { byRow, byColumn } = scoreWindows(pairs, candidates);
      return 2 * Math.max(largestWindowScores(byRow), largestWindowScores(byColumn)) + 8 * pairs;
    }
    case 'sigmoidPairs':
      // tfjs keeps all intermediates until the step's commands are submitted, and then pools them; measured.
      return 16 * pairs * pairs + 8 * pairs * hiddenSize + 16 * pairs + 512;
    default:
      return loss satisfies never;
  }
}
