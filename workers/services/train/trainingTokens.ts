import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { TokenizedNegatives } from '../negatives/stageNegatives';
import { negativesOf } from './stepBatch';

type Offsets = Pick<TokenSet, 'offsets'>;

/** Returns the total number of tokens in the anchors, positives and explicit negatives of the given rows. */
export function trainingTokens(
  rows: readonly number[],
  pairs: readonly Offsets[],
  negatives: TokenizedNegatives | null | undefined,
): number {
  const own = (row: number): number =>
    negatives ? sum(negativesOf([row], negatives), (text) => tokensOfText(negatives.tokens, text)) : 0;
  return sum(rows, (row) => sum(pairs, (set) => tokensOfText(set, row)) + own(row));
}

/** Returns the number of tokens of a text of a set. */
export function tokensOfText({ offsets }: Offsets, text: number): number {
  return (offsets[text + 1] ?? 0) - (offsets[text] ?? 0);
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
