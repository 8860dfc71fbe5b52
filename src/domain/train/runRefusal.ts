import type { AppErrorDetails } from '../errors';
import { dataOfStage, type Experiment, type Stage } from '../experiment';
import type { StageData } from './lossSchema';
import type { PairCounts } from './pairCounts';
import type { TrainRow } from './trainRows';

type Rows = Pick<Stage, 'batching' | 'data'>;

/** Counts of the training rows of each kind. */
export type TrainCounts = Record<StageData, PairCounts>;

/** Scores beyond this cannot be told apart in single precision, in which the engine compares them. */
export const largestScore = 1e6;

/** Whether no batch may have a text twice. A repeated text of scored pairs is never a false negative. */
export function keepsTextsApart({ batching, data }: Rows): boolean {
  return batching.kind === 'seeded' && batching.avoidDuplicatePassages && dataOfStage({ data }) === 'pairs';
}

/** Returns the error if the stage's rows can't fill one batch, with the count that falls short; else null. */
export function batchShortage(stage: Rows, { pairs, passages, anchors }: PairCounts): AppErrorDetails | null {
  const { batching } = stage;
  if (batching.kind === 'listed') return null;
  const { batchSize } = batching;
  if (dataOfStage(stage) === 'scoredPairs')
    return pairs < batchSize ? { kind: 'too-few-scored-pairs', pairs, batchSize } : null;
  const short = { kind: 'too-few-pairs', batchSize } as const;
  if (pairs < batchSize) return { ...short, pairs };
  if (!keepsTextsApart(stage) || Math.min(passages, anchors) >= batchSize) return null;
  return passages <= anchors
    ? { ...short, pairs: passages, distinct: 'passages' }
    : { ...short, pairs: anchors, distinct: 'anchors' };
}

/** Returns the error if a stage trains on scores that are no numbers, out of range or all equal; else null. */
export function scoreFault(
  stage: Pick<Stage, 'data'>,
  stageIndex: number,
  rows: readonly TrainRow[],
): AppErrorDetails | null {
  if (dataOfStage(stage) === 'pairs') return null;
  const fault = { kind: 'scores-unusable', stage: stageIndex } as const;
  // Written so that NaN counts as out of range.
  const wrong = rows.find(({ score = NaN }) => !(Math.abs(score) <= largestScore));
  if (wrong) return { ...fault, id: wrong.id, found: String(wrong.score), largest: largestScore };
  const first = Math.fround(rows[0]?.score ?? NaN);
  if (rows.every(({ score = NaN }) => Math.fround(score) === first)) return { ...fault, equal: first };
  return null;
}

/** Returns the error for a run that has no test questions or too few rows for a batch, or null. */
export function runRefusal(experiment: Experiment, train: TrainCounts, testQuestions: number): AppErrorDetails | null {
  if (testQuestions === 0) return { kind: 'nothing-to-evaluate', part: 'test' };
  for (const stage of experiment.stages) {
    const shortage = batchShortage(stage, train[dataOfStage(stage)]);
    if (shortage) return shortage;
  }
  return null;
}
