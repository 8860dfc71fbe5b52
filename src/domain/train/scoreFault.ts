import type { StageFault } from './stageFaults';
import type { Stage } from './stageSchema';
import type { TrainRow } from './trainRows';
import { dataOfStage } from './stageData';

/** Scores beyond this cannot be told apart in single precision, in which the engine compares them. */
const largestScore = 1e6;

/** Returns the error if a stage trains on scores that are no numbers, out of range or all equal; else null. */
export function scoreFault(
  stage: Pick<Stage, 'data'>,
  stageIndex: number,
  rows: readonly TrainRow[],
): StageFault | null {
  if (dataOfStage(stage) === 'pairs') return null;
  const fault = { kind: 'scores-unusable', stage: stageIndex } as const;
  // Written so that NaN counts as out of range.
  const wrong = rows.find(({ score = NaN }) => !(Math.abs(score) <= largestScore));
  if (wrong) return { ...fault, id: wrong.id, found: String(wrong.score), largest: largestScore };
  const first = Math.fround(rows[0]?.score ?? NaN);
  if (rows.every(({ score = NaN }) => Math.fround(score) === first)) return { ...fault, equal: first };
  return null;
}
