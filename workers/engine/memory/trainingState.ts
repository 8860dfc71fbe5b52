import { usesHalf, type Precision } from '../../../src/domain/experiment';
import { matrixParameters, type EncoderConfig } from '../../../src/domain/model';
import { parameterAlignmentFloats } from '../alignment';
import type { ParameterCount } from './parameterCount';

/** Returns the number of floats lost to aligning the parameters: 0 if all lengths are multiples of the alignment. */
export function paddingFloats({ layers, hiddenSize: H, intermediateSize: F, ...tables }: EncoderConfig): number {
  const rows = [tables.vocabularySize, tables.maxPositions, tables.typeVocabularySize];
  const outside = [...rows.map((count) => count * H), H, H];
  const inLayer = [3 * H * H, 3 * H, H * H, H, H, H, H * F, F, F * H, H, H, H];
  const padding = (lengths: readonly number[]): number =>
    lengths.reduce((sum, length) => sum + (alignedTo(length, parameterAlignmentFloats) - length), 0);
  return padding(outside) + layers * padding(inLayer);
}

function alignedTo(length: number, step: number): number {
  return Math.ceil(length / step) * step;
}

/** Returns how many numbers the optimizer keeps per trained parameter: two moments, and the average if there is one. */
export function optimizerTables({ averaged = false }: Pick<ParameterCount, 'averaged'>): number {
  return averaged ? 3 : 2;
}

/** Returns the bytes held from a stage's first step to its last: weights, gradients, moments and the average. */
export function trainingStateBytes(config: EncoderConfig, parameters: ParameterCount, precision: Precision): number {
  const { all, trained } = parameters;
  const tables = 1 + optimizerTables(parameters);
  return 4 * (all + tables * trained + (1 + tables) * paddingFloats(config)) + halfWeightBytes(config, precision);
}

/** Returns the bytes of the half-precision copies of the matrices that products read; 0 in full precision. */
export function halfWeightBytes(config: EncoderConfig, precision: Precision): number {
  return usesHalf(precision) ? 2 * matrixParameters(config) : 0;
}
