/**
 * An encode-only batch has at most one text per this many tokens. Otherwise the vectors of many short texts would take
 * too much memory.
 */

import type { Precision } from '../../../src/domain/experiment';
import type { EncoderConfig } from '../../../src/domain/model';
import { quadsFor, quadsIn } from '../quads';
import { trainingStateBytes, widestRowBytes } from './stepMemory';
import type { ParameterCount } from './parameterCount';
import type { MemoryLimits } from './memoryLimits';
import { scratchBytes } from '../scratch';

export const minEncodingTokensPerText = 16;

/**
 * Returns the bytes per row of an encode-only batch: a layer's input and output, its intermediate arrays, the tokens,
 * and a share of the texts' vectors.
 */
export function encodingRowBytes({ hiddenSize: H, intermediateSize: F, heads }: EncoderConfig): number {
  const vectors = (H + 1 + 1) / minEncodingTokensPerText;
  return 4 * (6 * H + 3 * H + 2 * F + heads + 3 * 2 + 4 + 4 + vectors);
}

/** Maximum tokens of an encoding batch: larger batches are no faster. */
const maxTokens = 16384;

/** Maximum FLOPs of one product: a dispatch cannot be split, and at 100 GFLOP/s this many take 0.2 seconds. */
const maxProductFlops = 2e10;

export function maxEncodingTokens({ hiddenSize, intermediateSize }: EncoderConfig): number {
  const quick = quadsIn(maxProductFlops / (2 * hiddenSize * Math.max(intermediateSize, 3 * hiddenSize)));
  return Math.min(maxTokens, Math.max(minEncodingTokens, quick));
}

/**
 * Minimum tokens of an encoding batch: fewer are not worth a pass, and a budget with room for fewer is too small
 * anyway.
 */
export const minEncodingTokens = 128;

/**
 * Returns the maximum tokens of an encode-only batch: as many as fit next to weights, gradients and moments, with one
 * layer's arrays held at a time. If nothing fits, returns the smallest batch worth a pass. `precision` is that of
 * training; encoding always runs in float32.
 */
export function encodingTokens(
  config: EncoderConfig,
  parameters: ParameterCount,
  { longest }: { longest: number },
  { budgetBytes, arrayBytes, threadBytes = 0 }: MemoryLimits,
  precision: Precision = 'full',
): number {
  const spare = budgetBytes - threadBytes - trainingStateBytes(config, parameters, precision) - scratchBytes;
  const fitting = Math.max(minEncodingTokens, quadsIn(spare / encodingRowBytes(config)));
  const allowed = quadsIn(arrayBytes / widestRowBytes(config));
  return Math.max(quadsFor(longest), Math.min(maxEncodingTokens(config), allowed, fitting));
}
