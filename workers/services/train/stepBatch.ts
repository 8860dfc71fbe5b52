import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { StepBatch } from '../../engine/losses/loss';
import { pickTexts } from '../evaluate/encodeTexts';

/** Token sets of the texts that a stage trains on: one text per row each. */
export interface StageTokens {
  anchors: TokenSet;
  positives: TokenSet;
}

/** Returns the texts of a step from the rows of its batch. */
export function stepBatch(tokens: StageTokens, rows: readonly number[]): StepBatch {
  return { anchors: pickTexts(tokens.anchors, rows), candidates: pickTexts(tokens.positives, rows) };
}
