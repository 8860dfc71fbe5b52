import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { LossTargets, StepBatch } from '../../engine/losses/loss';
import { lossMaskBits } from '../../engine/losses/lossMask';
import type { TokenBatch } from '../../engine/model/tokenBatch';
import { pickTexts } from '../evaluate/encodeTexts';
import type { TokenizedNegatives } from '../negatives/stageNegatives';

/** Token sets of the texts that a stage trains on: one text per row each. */
export interface StageTokens {
  anchors: TokenSet;
  positives: TokenSet;
}

/**
 * Returns the texts of a step from the rows of its batch. Explicit negatives are candidates of all anchors, so those
 * that answer another anchor's question are left out for that anchor.
 */
export function stepBatch(
  tokens: StageTokens,
  rows: readonly number[],
  negatives: TokenizedNegatives | null | undefined,
): StepBatch {
  const anchors = pickTexts(tokens.anchors, rows);
  const positives = pickTexts(tokens.positives, rows);
  if (!negatives) return { anchors, candidates: positives };
  const chosen = negativesOf(rows, negatives);
  const candidates = joined(positives, pickTexts(negatives.tokens, chosen));
  return { anchors, candidates, targets: targetsOf(rows, chosen, negatives) };
}

/** Returns the explicit negatives of a batch as indexes into their pool: `perAnchor` for each row, in row order. */
export function negativesOf(
  rows: readonly number[],
  { chosen, perAnchor }: Pick<TokenizedNegatives, 'chosen' | 'perAnchor'>,
): number[] {
  return rows.flatMap((row) => Array.from(chosen.subarray(row * perAnchor, (row + 1) * perAnchor)));
}

function joined(first: TokenBatch, second: TokenBatch): TokenBatch {
  const ids = new Int32Array(first.ids.length + second.ids.length);
  ids.set(first.ids);
  ids.set(second.ids, first.ids.length);
  const offsets = new Uint32Array(first.offsets.length + second.offsets.length - 1);
  offsets.set(first.offsets);
  second.offsets.forEach((offset, i) => (offsets[first.offsets.length - 1 + i] = first.ids.length + offset));
  return { ids, offsets };
}

function targetsOf(
  rows: readonly number[],
  chosen: readonly number[],
  { pool, answers }: TokenizedNegatives,
): LossTargets | undefined {
  const leftOut: number[][] = rows.map(() => []);
  let any = false;
  chosen.forEach((index, n) => {
    const text = pool[index] ?? '';
    if (!answers.isPositive(text)) return;
    rows.forEach((row, anchor) => {
      if (!answers.answers(row, text)) return;
      leftOut[anchor]?.push(rows.length + n);
      any = true;
    });
  });
  return any ? { leftOut: lossMaskBits(leftOut, rows.length + chosen.length) } : undefined;
}
