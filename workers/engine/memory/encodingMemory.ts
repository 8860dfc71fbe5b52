import type { Precision } from '../../../src/domain/experiment';
import type { EncoderConfig } from '../../../src/domain/model';
import { quadsFor, quadsIn } from '../quads';
import { trainingStateBytes } from './trainingState';
import { encodingRowBytes, widestRowBytes } from './rowBytes';
import type { ParameterCount } from './parameterCount';
import type { MemoryLimits } from './memoryLimits';
import { scratchBytes } from '../scratch';

/** Maximum number of tokens in an encoding batch. Larger batches are no faster. */
const maxTokens = 16_384;

/** Maximum FLOPs of one product. A dispatch cannot be split, and at 100 GFLOP/s this many take 0.2 seconds. */
const maxProductFlops = 2e10;

export function maxEncodingTokens({ hiddenSize, intermediateSize }: EncoderConfig): number {
  const quick = quadsIn(maxProductFlops / (2 * hiddenSize * Math.max(intermediateSize, 3 * hiddenSize)));
  return Math.min(maxTokens, Math.max(minEncodingTokens, quick));
}

/**
 * Minimum number of tokens in an encoding batch. A smaller batch is not worth a pass. Memory plans always leave room
 * for this many.
 */
export const minEncodingTokens = 128;

/**
 * Returns the maximum number of tokens in an encode-only batch: as many as fit next to weights, gradients and moments
 * if only one layer's arrays are held at a time. If nothing fits, returns the smallest batch worth a pass. `precision`
 * is that of training; encoding always runs in float32.
 */
export function encodingTokens(
  config: EncoderConfig,
  parameters: ParameterCount,
  { longest }: { longest: number },
  { budgetBytes, arrayBytes, threadBytes = 0 }: MemoryLimits,
  precision: Precision = 'full',
): number {
  const spare = budgetBytes - threadBytes - trainingStateBytes(config, parameters, precision) - scratchBytes;
  const fitting = Math.max(minEncodingTokens, quadsIn(spare / encodingRowBytes(config, parameters.adapters)));
  const allowed = quadsIn(arrayBytes / widestRowBytes(config));
  return Math.max(quadsFor(longest), Math.min(maxEncodingTokens(config), allowed, fitting));
}
