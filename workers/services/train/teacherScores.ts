import type { Experiment } from '../../../src/domain/experiment';
import type { Pair } from '../../../src/domain/records';
import { importedTeacherScores } from '../../../src/domain/train/importedTeacherScores';
import type { LossTargets } from '../../engine/losses/loss';
import type { Vectors } from '../../engine/retrieval/vectors';
import type { BetweenBatches } from '../evaluate/betweenBatches';
import type { StageNegatives } from '../negatives/stageNegatives';

/** A teacher's scores of each training row with its positive and its chosen negatives: [rows, 1 + perAnchor]. */
export type TeacherScores = NonNullable<LossTargets['teacherScores']>;

type Chosen = Pick<StageNegatives, 'chosen' | 'perAnchor'>;

/** Number of rows scored between checks for pause and cancel: milliseconds of work. */
const rowsAtOnce = 4096;

/**
 * Returns the cosines of a teacher's vectors. Adds in double precision and in a fixed order, so a resumed run has the
 * same bits.
 */
export async function scoresByTeacher(
  { anchors, positives, negatives }: Record<'anchors' | 'positives', Vectors> & { negatives: Vectors | null },
  { chosen, perAnchor }: Chosen,
  between: BetweenBatches,
): Promise<TeacherScores> {
  const { count: rows, width } = anchors;
  const columns = 1 + perAnchor;
  const values = new Float32Array(rows * columns);
  const [anchor, candidate] = [new Float32Array(width), new Float32Array(width)];
  for (let row = 0; row < rows; row++) {
    if (row > 0 && row % rowsAtOnce === 0) await between(row, rows);
    anchors.copyRow(row, anchor, 0);
    for (let column = 0; column < columns; column++) {
      if (column === 0) positives.copyRow(row, candidate, 0);
      else negatives?.copyRow(chosen[row * perAnchor + column - 1] ?? 0, candidate, 0);
      let cosine = 0;
      for (let i = 0; i < width; i++) cosine += (anchor[i] ?? NaN) * (candidate[i] ?? NaN);
      values[row * columns + column] = cosine;
    }
  }
  return { values, shape: [rows, columns] };
}

/**
 * Returns the teacher scores in the data of a stage; undefined if the stage does not distil them. @throws
 * teacher-scores-missing or teacher-scores-too-few if a pair lacks some.
 */
export function scoresOfData(
  { stages }: Pick<Experiment, 'stages'>,
  stage: number,
  pairs: readonly Pair[],
  negatives: Pick<StageNegatives, 'chosen' | 'perAnchor' | 'pool'> | null | undefined,
): TeacherScores | undefined {
  const loss = stages[stage]?.loss;
  if (loss?.kind !== 'distillation' || loss.scores !== 'imported' || !negatives) return undefined;
  return { values: importedTeacherScores(stage, pairs, negatives), shape: [pairs.length, 1 + negatives.perAnchor] };
}

/** Returns the scores of a batch's rows, in batch order. */
export function scoresOfRows({ values, shape: [, columns] }: TeacherScores, rows: readonly number[]): TeacherScores {
  const picked = new Float32Array(rows.length * columns);
  rows.forEach((row, i) => picked.set(values.subarray(row * columns, (row + 1) * columns), i * columns));
  return { values: picked, shape: [rows.length, columns] };
}
