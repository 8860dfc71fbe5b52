import type { Precision } from '../../../src/domain/experiment';
import { questionsPerSearch, searchBytes, type SearchShape } from '../retrieval/searchBlocks';
import type { EncoderConfig, TokenSet } from '../../../src/domain/model';
import type { Question } from '../../../src/domain/records';
import { quadsFor, quadsIn } from '../quads';
import { encodingRowBytes, trainingStateBytes, widestRowBytes, type ParameterCount } from './stepMemory';
import { scratchBytes } from '../engine';
import type { MemoryLimits } from './memoryLimits';

/** What determines the memory of dev and test evaluations. */
export interface EvaluationShape {
  /** Tokens of the longest text among passages and questions. */
  longest: number;
  /** One search per group of questions; dev and test questions are never in the same group. */
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

/**
 * A larger encoding batch is no faster. Its largest product is limited in FLOPs too, because a dispatch cannot be
 * split: at 100 GFLOP/s, this many take 0.2 seconds.
 */
const mostTokens = 16_384;
const mostProductFlops = 2e10;

export function mostEncodingTokens({ hiddenSize, intermediateSize }: EncoderConfig): number {
  const quick = quadsIn(mostProductFlops / (2 * hiddenSize * Math.max(intermediateSize, 3 * hiddenSize)));
  return Math.min(mostTokens, Math.max(leastEncodingTokens, quick));
}

/** Fewer tokens are not worth a pass. A budget that leaves room for less is too small anyway. */
const leastEncodingTokens = 128;

/**
 * Minimum bytes of an evaluation on top of the training state. It first encodes texts, one at a time if necessary, and
 * then searches for the questions.
 */
export function evaluationBytes(config: EncoderConfig, { longest, searches }: EvaluationShape): number {
  const encoding = quadsFor(Math.max(leastEncodingTokens, longest)) * encodingRowBytes(config);
  const searching = searches.map((search) => searchBytes(config.hiddenSize, search));
  return scratchBytes + Math.max(encoding, ...searching);
}

/** Bytes of the largest array in an evaluation. */
export function evaluationArrayBytes(config: EncoderConfig, { longest }: EvaluationShape): number {
  return quadsFor(longest) * widestRowBytes(config);
}

/**
 * Returns the number of tokens in an encode-only batch, which shares memory with weights, gradients and moments and
 * holds one layer at a time. If nothing is left over, returns the smallest batch worth a pass. `precision` is that of
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
