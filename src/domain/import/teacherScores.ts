import { largestTeacherScore } from '../records';
import { listInCell, RowFault } from './cells';
import { unsureLabels } from './columnAliases';
import type { Cell, Columns } from './rowColumns';
import { noNumber, scoreIn } from './scores';

/** A teacher's scores of a row's question with each of its positives and negatives. */
export interface TeacherScores {
  positives: number[];
  negatives: number[];
  /** Whether they are in the column that otherwise holds the pair's label. */
  inLabel: boolean;
}

interface Counts {
  positives: number;
  negatives: number;
}

/**
 * Returns the teacher's scores in a row, or null if the row has none, or no negatives to compare. FlagEmbedding writes
 * `pos_scores` and `neg_scores`; sentence-transformers one list, `label` or `score`, for the positive and the negatives
 * in the order of their columns. `texts` counts those of the row.
 * @throws RowFault not-a-number or teacher-score-range for a score, teacher-scores-count if texts and scores differ in
 *   number.
 */
export function teacherScoresOf(columns: Columns, texts: Counts): TeacherScores | null {
  if (texts.negatives === 0) return null;
  const [positives, negatives] = [columns.pick('positiveScores'), columns.pick('negativeScores')];
  if (positives || negatives)
    return {
      positives: scoresIn(positives, texts.positives),
      negatives: scoresIn(negatives, texts.negatives),
      inLabel: false,
    };
  const label = columns.look('pairScore');
  if (!label || unsureLabels.has(label.name) || !Array.isArray(listInCell(label.value))) return null;
  const all = scoresIn(columns.pick('pairScore'), texts.positives + texts.negatives);
  return { positives: all.slice(0, texts.positives), negatives: all.slice(texts.positives), inLabel: true };
}

function scoresIn(cell: Cell | null, texts: number): number[] {
  const list = listInCell(cell?.value);
  const items: unknown[] = cell === null ? [] : Array.isArray(list) ? list : [list];
  if (items.length !== texts)
    throw new RowFault({ fault: 'teacher-scores-count', field: String(items.length), expected: String(texts) });
  return items.map((item) => {
    const field = cell?.column ?? '';
    const score = scoreIn(item);
    if (score === null) throw new RowFault(noNumber(field, item));
    if (Math.abs(score) > largestTeacherScore)
      throw new RowFault({ fault: 'teacher-score-range', field, expected: String(score) });
    return score;
  });
}
