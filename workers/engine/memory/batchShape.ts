import type { TokenSet } from '../../../src/domain/model';
import type { BatchShape } from '../../../src/domain/memory/report';

type Offsets = Pick<TokenSet, 'offsets'>;

/**
 * The most pairs and tokens of any batch and the longest text of all, with texts cut at `maxTokens`; null without batches. `batches` name rows
 * of the training pairs, which both token sets are in the order of.
 */
export function largestShape(
  batches: readonly (readonly number[])[],
  tokens: { anchors: Offsets; positives: Offsets },
  maxTokens = Infinity,
): BatchShape | null {
  if (batches.length === 0) return null;
  const shape = { pairs: 0, tokens: 0, longest: 0 };
  const length = ({ offsets }: Offsets, row: number): number =>
    Math.min(maxTokens, (offsets[row + 1] ?? 0) - (offsets[row] ?? 0));
  for (const batch of batches) {
    let sum = 0;
    for (const row of batch) {
      const [anchor, positive] = [length(tokens.anchors, row), length(tokens.positives, row)];
      sum += anchor + positive;
      shape.longest = Math.max(shape.longest, anchor, positive);
    }
    shape.pairs = Math.max(shape.pairs, batch.length);
    shape.tokens = Math.max(shape.tokens, sum);
  }
  return shape;
}
