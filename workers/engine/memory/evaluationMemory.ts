import { searchBytes, type SearchMemoryShape } from '../retrieval/searchMemory';
import { maxQuestionsPerSearch } from '../retrieval/search';
import type { EncoderConfig } from '../../../src/domain/model';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { Question } from '../../../src/domain/records';
import { quadsFor } from '../quads';
import { widestRowBytes } from './rowBytes';
import { minEncodingTokens } from './encodingMemory';
import { encodingRowBytes } from './rowBytes';
import { scratchBytes } from '../scratch';

/** Sizes that determine the memory of dev and test evaluations. */
export interface EvaluationShape {
  /** Number of tokens in the longest passage or question. */
  longest: number;
  /** One search per group of questions. No group mixes dev and test questions. */
  searches: readonly SearchMemoryShape[];
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
    Array.from({ length: Math.ceil(questions.length / maxQuestionsPerSearch) }, (_, group): SearchMemoryShape => {
      const own = questions.slice(group * maxQuestionsPerSearch, (group + 1) * maxQuestionsPerSearch);
      return { passages, questions: own.length, relevant: own.reduce((sum, { relevant }) => sum + relevant.length, 0) };
    }),
  );
  return { longest, searches };
}

/**
 * Returns the minimum bytes that an evaluation needs on top of the training state. An evaluation first encodes texts,
 * one at a time if necessary, and then runs the searches.
 */
export function evaluationBytes(config: EncoderConfig, { longest, searches }: EvaluationShape): number {
  const encoding = quadsFor(Math.max(minEncodingTokens, longest)) * encodingRowBytes(config);
  const searching = searches.map((search) => searchBytes(config.hiddenSize, search));
  return scratchBytes + Math.max(encoding, ...searching);
}

/** Returns the bytes of the largest array in an evaluation. */
export function evaluationArrayBytes(config: EncoderConfig, { longest }: EvaluationShape): number {
  return quadsFor(longest) * widestRowBytes(config);
}
