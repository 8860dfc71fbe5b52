import { AppError } from '../errors';
import type { ChosenNegatives } from '../negatives/chooseNegatives';
import { teacherScoresOfTexts } from '../negatives/teacherScores';
import type { Pair } from '../records';

type Chosen = Pick<ChosenNegatives, 'chosen' | 'perAnchor'> & { pool: readonly string[] };

/**
 * Returns the teacher's scores from the pairs' file: of each question with its positive and its chosen negatives,
 * [pairs, 1 + perAnchor].
 * @throws teacher-scores-missing if a pair has none; teacher-scores-too-few if a pair's chosen negatives include some
 *   that its file did not score, because too few scored ones can be used.
 */
export function importedTeacherScores(
  stage: number,
  pairs: readonly Pair[],
  { chosen, perAnchor, pool }: Chosen,
): Float32Array<ArrayBuffer> {
  const missing = pairs.filter(({ teacherScores }) => !teacherScores);
  const [first] = missing;
  if (first) {
    const counts = { missing: missing.length, pairs: pairs.length };
    throw new AppError({ kind: 'teacher-scores-missing', stage, id: first.id, ...counts });
  }
  const columns = 1 + perAnchor;
  const scores = new Float32Array(pairs.length * columns);
  for (const [row, pair] of pairs.entries()) {
    const texts = Array.from(chosen.subarray(row * perAnchor, (row + 1) * perAnchor), (index) => pool[index] ?? '');
    const found = teacherScoresOfTexts(pair, texts).flatMap((score) => score ?? []);
    if (found.length < columns)
      throw new AppError({ kind: 'teacher-scores-too-few', stage, id: pair.id, found: found.length - 1, perAnchor });
    scores.set(found, row * columns);
  }
  return scores;
}
