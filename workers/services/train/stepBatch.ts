import { AppError } from '../../../src/domain/errors';
import { dataOfStage, type Stage } from '../../../src/domain/experiment';
import type { TokenSet, TokenSetKeys } from '../../../src/domain/tokenize/tokenSets';
import type { Database } from '../../../src/storage/database';
import type { StepBatch } from '../../engine/losses/loss';
import { pickTexts } from '../evaluate/encodeTexts';
import type { PreparedData } from '../split/preparedData';
import { storedTokenSet } from '../tokenize/storedTokenSet';

/** Token sets of the texts that a stage trains on: one text per row each. */
export interface StageTokens {
  anchors: TokenSet;
  positives: TokenSet;
  /** Scores of the rows, if they are scored pairs. */
  scores?: Float32Array;
}

/** Reads the token sets of the rows that a stage trains on. */
export async function storedStageTokens(
  db: Database,
  keys: TokenSetKeys,
  stage: Pick<Stage, 'data'>,
): Promise<Omit<StageTokens, 'scores'>> {
  const scored = dataOfStage(stage) === 'scoredPairs';
  const [first, second] = scored ? [keys.sentences1, keys.sentences2] : [keys.anchors, keys.positives];
  if (first === undefined || second === undefined) throw new AppError({ kind: 'data-missing', role: 'scoredPairs' });
  return { anchors: await storedTokenSet(db, first), positives: await storedTokenSet(db, second) };
}

/** Reads what each stage of a run trains on. */
export async function stageTokens(
  db: Database,
  keys: TokenSetKeys,
  stages: readonly Pick<Stage, 'data'>[],
  { scoredPairs }: Pick<PreparedData, 'scoredPairs'>,
): Promise<StageTokens[]> {
  const scores = Float32Array.from(scoredPairs, ({ score }) => score);
  return Promise.all(
    stages.map(async (stage) => ({
      ...(await storedStageTokens(db, keys, stage)),
      ...(dataOfStage(stage) === 'scoredPairs' ? { scores } : {}),
    })),
  );
}

/** Returns the texts of a step, and their scores if they have any, from the rows of its batch. */
export function stepBatch({ anchors, positives, scores }: StageTokens, rows: readonly number[]): StepBatch {
  const batch = { anchors: pickTexts(anchors, rows), candidates: pickTexts(positives, rows) };
  if (!scores) return batch;
  return { ...batch, targets: { scores: Float32Array.from(rows, (row) => scores[row] ?? NaN) } };
}
