import type { Pair } from '../records';

type Scored = Pick<Pair, 'negatives' | 'teacherScores'>;

/** Returns the scores that a pair's file gives its negatives, by text. A negative that it has twice keeps the first. */
function negativeScores({ negatives = [], teacherScores = [] }: Scored): Map<string, number> {
  const scores = new Map<string, number>();
  negatives.forEach((text, i) => {
    const score = teacherScores[i + 1];
    if (score !== undefined && !scores.has(text.trim())) scores.set(text.trim(), score);
  });
  return scores;
}

/**
 * Returns the teacher's scores that a pair's file gives its positive and some of its negatives, in their order; null
 * for a text without a score.
 */
export function teacherScoresOfTexts(pair: Scored, negatives: readonly string[]): (number | null)[] {
  const scores = negativeScores(pair);
  return [pair.teacherScores?.[0] ?? null, ...negatives.map((text) => scores.get(text.trim()) ?? null)];
}
