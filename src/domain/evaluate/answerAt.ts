import { verdictOf, type Verdict } from './comparison';
import type { QuestionResult } from './evaluation';
import { pairedQuestions, type PairedQuestion } from './pairedQuestions';
import { pairedBootstrap, type Interval } from './statistics';

/** Cut-offs that the evaluation screen offers. */
export const offeredKs = [1, 3, 5, 10, 20] as const;

/**
 * How the rank of a question's first right passage changed. `won` and `lost` cross the line between the first k and the
 * rest; `up` and `down` do not.
 */
export type RankChange = 'won' | 'lost' | 'up' | 'down' | 'same';

/** Returns the change of a rank. Ranks count from 1; Infinity means that no right passage was found. */
export function rankChange(before: number, after: number, k: number): RankChange {
  if (before > k && after <= k) return 'won';
  if (before <= k && after > k) return 'lost';
  return after < before ? 'up' : after > before ? 'down' : 'same';
}

/** Returns how many times higher a right passage ranks, as a natural logarithm: positive if it moved up. */
export function rankGain(before: number, after: number): number {
  if (before === after) return 0;
  if (after === Infinity) return -Infinity;
  return Math.log(before / after);
}

/** Sorts questions by how many times higher the right passage ranks, then by the rank that it has now. */
export function sortByGain<Question extends Pick<PairedQuestion, 'rankBefore' | 'rankAfter'>>(
  questions: Question[],
): Question[] {
  const gains = new Map(questions.map((row) => [row, rankGain(row.rankBefore, row.rankAfter)]));
  return questions.sort((a, b) => {
    const [gainA, gainB] = [gains.get(a) ?? 0, gains.get(b) ?? 0];
    return gainA === gainB ? a.rankAfter - b.rankAfter || 0 : gainB - gainA;
  });
}

/** Counts the changes of ranks, given as pairs of the ranks before and after. */
export function countChanges(
  ranks: readonly { rankBefore: number; rankAfter: number }[],
  k: number,
): Record<RankChange, number> {
  const counts: Record<RankChange, number> = { won: 0, lost: 0, up: 0, down: 0, same: 0 };
  for (const { rankBefore, rankAfter } of ranks) counts[rankChange(rankBefore, rankAfter, k)] += 1;
  return counts;
}

/** How two models answer the same questions if the first k results count. */
export interface AnswerAt extends Record<RankChange, number> {
  k: number;
  questions: number;
  /** Questions with a right passage in the first k. */
  hitsBefore: number;
  hitsAfter: number;
  /** Two-sided p-value of McNemar's exact test on `won` and `lost`. */
  p: number;
  verdict: Verdict;
  /** 95% bootstrap interval of the change in hit rate, resampling questions. */
  gain: Interval;
}

/** Compares two models at a cut-off. Counts the questions that both have results for. */
export function answerAt(
  before: readonly QuestionResult[],
  after: readonly QuestionResult[],
  k: number,
  seed = 0,
): AnswerAt {
  const pairs = pairedQuestions(before, after);
  const counts = countChanges(pairs, k);
  const hitsBefore: number[] = pairs.map(({ rankBefore }) => (rankBefore <= k ? 1 : 0));
  const hitsAfter: number[] = pairs.map(({ rankAfter }) => (rankAfter <= k ? 1 : 0));
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    k,
    questions: hitsAfter.length,
    hitsBefore: sum(hitsBefore),
    hitsAfter: sum(hitsAfter),
    ...counts,
    ...verdictOf(counts.won, counts.lost),
    gain: pairedBootstrap(hitsBefore, hitsAfter, seed),
  };
}
