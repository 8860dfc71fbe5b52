import type { AnsweredQuestion } from './threshold';
import { countScores, type ScoreCounts } from './devScores';

/** Scores of one question with passages: cosines of their vectors. */
export interface QuestionScores {
  questionId: string;
  /** The passage that ranks first. */
  first: { passageId: string; score: number; right: boolean };
  /** Every right passage, best first. Empty if the knowledge base has no answer to the question. */
  right: number[];
  /** The best wrong passage; null if only right ones are among the passages that were ranked. */
  wrong: number | null;
  /** Random wrong passages, the same ones for every model. */
  random: number[];
}

/** The scores of all questions, counted per bin, and how far right and best wrong passages are apart. */
export interface ScoreHistograms {
  right: ScoreCounts;
  bestWrong: ScoreCounts;
  randomWrong: ScoreCounts;
  /** Distance of the means in standard deviations; null if it is undefined. */
  dPrime: number | null;
  /** Overlap of the two distributions, from 0 to 1; null if one of them is empty. */
  overlap: number | null;
}

/** Counts the scores of questions. Best wrong passages include those of questions without an answer. */
export function scoreHistograms(questions: readonly QuestionScores[]): ScoreHistograms {
  const right = questions.flatMap((question) => question.right);
  const wrong = questions.flatMap((question) => question.wrong ?? []);
  const counts = { right: countScores(right), bestWrong: countScores(wrong) };
  return {
    ...counts,
    randomWrong: countScores(questions.flatMap(({ random }) => random)),
    dPrime: dPrime(right, wrong),
    overlap: overlap(counts.right, counts.bestWrong),
  };
}

/** Returns mean and unbiased variance. */
function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / (values.length - 1) };
}

/**
 * Returns d′ = (μ₁ − μ₂) / √((σ₁² + σ₂²) / 2) (Macmillan & Creelman 2005, eq. 3.3 with the mean of both variances), or
 * null if a list has fewer than two values or no value differs from another.
 */
export function dPrime(right: readonly number[], wrong: readonly number[]): number | null {
  if (right.length < 2 || wrong.length < 2) return null;
  const [a, b] = [moments(right), moments(wrong)];
  const spread = Math.sqrt((a.variance + b.variance) / 2);
  return spread > 0 ? (a.mean - b.mean) / spread : null;
}

/** Returns the overlapping coefficient of two histograms: the sum over the bins of the smaller share. */
export function overlap(some: ScoreCounts, others: ScoreCounts): number | null {
  const total = ({ counts }: ScoreCounts): number => counts.reduce((sum, count) => sum + count, 0);
  const [all, allOthers] = [total(some), total(others)];
  if (all === 0 || allOthers === 0) return null;
  return some.counts.reduce((sum, count, i) => {
    const other = others.counts[some.first + i - others.first] ?? 0;
    return sum + Math.min(count / all, other / allOthers);
  }, 0);
}

/** Returns the input for choosing a threshold: how each question's first passage scores. */
export function answersOf(questions: readonly QuestionScores[]): AnsweredQuestion[] {
  return questions.map(({ first, right }) => ({
    score: first.score,
    right: first.right,
    answerable: right.length > 0,
  }));
}
