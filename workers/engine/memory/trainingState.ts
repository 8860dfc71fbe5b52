import { usesHalf, type Precision } from '../../../src/domain/experiment';
import { matrixParameters, type EncoderConfig } from '../../../src/domain/model';
import type { ParameterCount } from './parameterCount';

/** Returns the bytes held from a stage's first step to its last: weights, gradients and moments. */
export function trainingStateBytes(
  config: EncoderConfig,
  { all, trained }: ParameterCount,
  precision: Precision,
): number {
  return 4 * all + 12 * trained + halfWeightBytes(config, precision);
}

/** Returns the bytes of the half-precision copies of the matrices that products read; 0 in full precision. */
export function halfWeightBytes(config: EncoderConfig, precision: Precision): number {
  return usesHalf(precision) ? 2 * matrixParameters(config) : 0;
}
