import type { Precision } from '../../../src/domain/experiment';
import { questionsPerSearch, searchBytes, type SearchShape } from '../retrieval/searchBlocks';
import type { EncoderConfig, TokenSet } from '../../../src/domain/model';
import type { Question } from '../../../src/domain/records';
import { quadsFor, quadsIn } from '../quads';
import { encodingRowBytes, trainingStateBytes, widestRowBytes, type ParameterCount } from './stepMemory';
import { scratchBytes } from '../engine';
import type { MemoryLimits } from './memoryLimits';

/** What decides how much memory the readings of dev and test need. */
export interface EvaluationShape {
  /** Tokens of the longest text of the knowledge base and of all questions. */
  longest: number;
  /** By part. */
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
 * More tokens than this make an encoding batch no faster. Nor should its largest product have more FLOPs: a dispatch is never cut, and this one takes
 * a fifth of a second where a GPU makes 100 GFLOP/s.
 */
const mostTokens = 16_384;
const mostProductFlops = 2e10;

export function mostEncodingTokens({ hiddenSize, intermediateSize }: EncoderConfig): number {
  const quick = quadsIn(mostProductFlops / (2 * hiddenSize * Math.max(intermediateSize, 3 * hiddenSize)));
  return Math.min(mostTokens, Math.max(leastEncodingTokens, quick));
}

/** Fewer than this are not worth a pass. Hardly a budget leaves less; where one does, it is too small. */
const leastEncodingTokens = 128;

/**
 * Bytes that an evaluation needs at least beside what training holds: first texts are encoded, the longest of them or few at a time, then
 * questions are searched for.
 */
export function evaluationBytes(config: EncoderConfig, { longest, searches }: EvaluationShape): number {
  const encoding = quadsFor(Math.max(leastEncodingTokens, longest)) * encodingRowBytes(config);
  const searching = searches.map((search) => searchBytes(config.hiddenSize, search));
  return scratchBytes + Math.max(encoding, ...searching);
}

/** Bytes of the largest array of an evaluation. */
export function evaluationArrayBytes(config: EncoderConfig, { longest }: EvaluationShape): number {
  return quadsFor(longest) * widestRowBytes(config);
}

/**
 * Tokens of a batch that is only encoded, while weights, gradients and moments lie beside: of all layers it holds one. Where nothing is left over,
 * the fewest that are worth a pass. `precision`: what is trained with; encoding itself is in full.
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
