import type { KnownAnswers } from '../../../src/domain/train/knownAnswers';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { StepBatch } from '../../engine/losses/loss';
import { lossMaskBits } from '../../engine/losses/lossMask';
import { pickTexts } from '../evaluate/encodeTexts';

/** Token sets of the texts that a stage trains on: one text per row each. */
export interface StageTokens {
  anchors: TokenSet;
  positives: TokenSet;
}

/**
 * Returns the texts of a step from the rows of its batch. With `known`, the loss leaves out passages that also answer
 * another question of the batch.
 */
export function stepBatch(tokens: StageTokens, rows: readonly number[], known?: KnownAnswers): StepBatch {
  const texts = { anchors: pickTexts(tokens.anchors, rows), candidates: pickTexts(tokens.positives, rows) };
  const leftOut = known?.inBatch(rows);
  return leftOut ? { ...texts, targets: { leftOut: lossMaskBits(leftOut, rows.length) } } : texts;
}
