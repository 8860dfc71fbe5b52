import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { BatchShape } from '../../../src/domain/memory/report';

type Offsets = Pick<TokenSet, 'offsets'>;

/** Explicit negatives of the training pairs: `perAnchor` texts for each pair, as indexes into a token set. */
export interface NegativeTexts {
  perAnchor: number;
  chosen: Int32Array;
  tokens: Offsets;
}

/**
 * Returns the maximum numbers of pairs and of tokens in a batch, and the length of the longest text. Texts are cut at
 * `maxTokens`. Returns null if there are no batches. `batches` contains row numbers of the training pairs; both token
 * sets have one text per pair, in order. Explicit negatives count as candidates and with their tokens.
 */
export function maxBatchShape(
  batches: readonly (readonly number[])[],
  tokens: { anchors: Offsets; positives: Offsets },
  maxTokens = Infinity,
  negatives: NegativeTexts | null = null,
): BatchShape | null {
  if (batches.length === 0) return null;
  const shape = { pairs: 0, candidates: 0, tokens: 0, longest: 0 };
  const length = ({ offsets }: Offsets, row: number): number =>
    Math.min(maxTokens, (offsets[row + 1] ?? 0) - (offsets[row] ?? 0));
  for (const batch of batches) {
    let sum = 0;
    for (const row of batch) {
      const [anchor, positive] = [length(tokens.anchors, row), length(tokens.positives, row)];
      sum += anchor + positive;
      shape.longest = Math.max(shape.longest, anchor, positive);
      if (!negatives) continue;
      const { perAnchor, chosen } = negatives;
      for (const text of chosen.subarray(row * perAnchor, (row + 1) * perAnchor)) {
        const tokensOfText = length(negatives.tokens, text);
        sum += tokensOfText;
        shape.longest = Math.max(shape.longest, tokensOfText);
      }
    }
    shape.pairs = Math.max(shape.pairs, batch.length);
    shape.candidates = shape.pairs * (1 + (negatives?.perAnchor ?? 0));
    shape.tokens = Math.max(shape.tokens, sum);
  }
  return shape;
}
