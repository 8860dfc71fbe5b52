import type { Pair } from '../records';

type Scored = Pick<Pair, 'negatives' | 'teacherScores'>;

/**
 * Returns the file's teacher scores of a pair's negatives, by text. For a repeated negative, the first score is kept.
 */
function negativeScores({ negatives = [], teacherScores = [] }: Scored): Map<string, number> {
  const scores = new Map<string, number>();
  negatives.forEach((text, i) => {
    const score = teacherScores[i + 1];
    if (score !== undefined && !scores.has(text.trim())) scores.set(text.trim(), score);
  });
  return scores;
}

/**
 * Returns the file's teacher scores of a pair's positive and of some of its negatives, in their order; null for a text
 * without a score.
 */
export function teacherScoresOfTexts(pair: Scored, negatives: readonly string[]): (number | null)[] {
  const scores = negativeScores(pair);
  return [pair.teacherScores?.[0] ?? null, ...negatives.map((text) => scores.get(text.trim()) ?? null)];
}
