import type { Precision } from '../../../src/domain/experiment';
import { questionsPerSearch, searchBytes, type SearchShape } from '../retrieval/searchBlocks';
import type { EncoderConfig } from '../../../src/domain/model';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { Question } from '../../../src/domain/records';
import { quadsFor, quadsIn } from '../quads';
import { encodingRowBytes, trainingStateBytes, widestRowBytes, type ParameterCount } from './stepMemory';
import { scratchBytes } from '../engine';
import type { MemoryLimits } from './memoryLimits';

/** Sizes that determine the memory of dev and test evaluations. */
export interface EvaluationShape {
  /** Tokens of the longest text among passages and questions. */
  longest: number;
  /** One search per group of questions. Dev and test questions are never in the same group. */
  searches: readonly SearchShape[];
}

export function evaluationShape(
  passages: number,
  parts: readonly (readonly Question[])[],
  tokens: readonly Pick<TokenSet, 'offsets'>[],
): EvaluationShape {
  let longest = 0;
  for (const { offsets } of tokens)
    for (let text = 1; text < offsets.length; text++)
      longest = Math.max(longest, (offsets[text] ?? 0) - (offsets[text - 1] ?? 0));
  const searches = parts.flatMap((questions) =>
    Array.from({ length: Math.ceil(questions.length / questionsPerSearch) }, (_, group): SearchShape => {
      const own = questions.slice(group * questionsPerSearch, (group + 1) * questionsPerSearch);
      return { passages, questions: own.length, relevant: own.reduce((sum, { relevant }) => sum + relevant.length, 0) };
    }),
  );
  return { longest, searches };
}

/** Maximum tokens of an encoding batch: larger batches are no faster. */
const mostTokens = 16_384;
/** Maximum FLOPs of one product: a dispatch cannot be split, and at 100 GFLOP/s this many take 0.2 seconds. */
const mostProductFlops = 2e10;

export function mostEncodingTokens({ hiddenSize, intermediateSize }: EncoderConfig): number {
  const quick = quadsIn(mostProductFlops / (2 * hiddenSize * Math.max(intermediateSize, 3 * hiddenSize)));
  return Math.min(mostTokens, Math.max(leastEncodingTokens, quick));
}

/**
 * Minimum tokens of an encoding batch: fewer are not worth a pass, and a budget with room for fewer is too small
 * anyway.
 */
const leastEncodingTokens = 128;

/**
 * Returns the minimum bytes of an evaluation on top of the training state. An evaluation first encodes texts, one at a
 * time if necessary, and then searches for the questions.
 */
export function evaluationBytes(config: EncoderConfig, { longest, searches }: EvaluationShape): number {
  const encoding = quadsFor(Math.max(leastEncodingTokens, longest)) * encodingRowBytes(config);
  const searching = searches.map((search) => searchBytes(config.hiddenSize, search));
  return scratchBytes + Math.max(encoding, ...searching);
}

/** Returns the bytes of the largest array in an evaluation. */
export function evaluationArrayBytes(config: EncoderConfig, { longest }: EvaluationShape): number {
  return quadsFor(longest) * widestRowBytes(config);
}

/**
 * Returns the maximum tokens of an encode-only batch: as many as fit next to weights, gradients and moments, with one
 * layer's arrays held at a time. If nothing fits, returns the smallest batch worth a pass. `precision` is that of
 * training; encoding always runs in float32.
 */
export function encodingTokens(
  config: EncoderConfig,
  parameters: ParameterCount,
  { longest }: Pick<EvaluationShape, 'longest'>,
  { budgetBytes, arrayBytes, threadBytes = 0 }: MemoryLimits,
  precision: Precision = 'full',
): number {
  const spare = budgetBytes - threadBytes - trainingStateBytes(config, parameters, precision) - scratchBytes;
  const fitting = Math.max(leastEncodingTokens, quadsIn(spare / encodingRowBytes(config)));
  const allowed = quadsIn(arrayBytes / widestRowBytes(config));
  return Math.max(quadsFor(longest), Math.min(mostEncodingTokens(config), allowed, fitting));
}
