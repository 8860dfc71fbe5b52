import type { StageFault } from './stageFaults';
import type { Stage } from './stageSchema';
import type { TrainRow } from './trainRows';
import { dataOfStage } from './stageData';

/**
 * Returns the largest score that a loss can use. If scores are only compared, it is 1,000,000, because single precision
 * cannot tell larger ones apart. If cosines should reach the scores, it is 1.
 */
function largestScore(loss: Stage['loss'] | undefined): number {
  return loss?.kind === 'cosineMse' ? 1 : 1e6;
}

/** Returns the error if a stage trains on scores that are not numbers, out of range or all equal; else null. */
export function scoreFault(
  stage: Pick<Stage, 'data'> & { loss?: Stage['loss'] },
  stageIndex: number,
  rows: readonly TrainRow[],
): StageFault | null {
  if (dataOfStage(stage) === 'pairs') return null;
  const fault = { kind: 'scores-unusable', stage: stageIndex } as const;
  const largest = largestScore(stage.loss);
  // Written so that NaN counts as out of range.
  const wrong = rows.find(({ score = NaN }) => !(Math.abs(score) <= largest));
  if (wrong) return { ...fault, id: wrong.id, found: String(wrong.score), largest };
  const first = Math.fround(rows[0]?.score ?? NaN);
  if (rows.every(({ score = NaN }) => Math.fround(score) === first)) return { ...fault, equal: first };
  return null;
}
