import type { Interval, QuestionResult } from '../run';
import { firstRank, mrrAtK } from './metrics';
import { mcNemar, pairedBootstrap } from './statistics';

/** Rank of a question's first relevant passage, before and after training. */
export interface QuestionChange {
  questionId: string;
  rankBefore: number;
  rankAfter: number;
}

export type Verdict = 'better' | 'worse' | 'noDifferenceShown';

export interface Comparison {
  /**
   * Questions with a relevant passage in the first k after training but not before. Worst rank before training first.
   */
  won: QuestionChange[];
  /**
   * Questions with a relevant passage in the first k before training but not after. Worst rank after training first.
   */
  lost: QuestionChange[];
  unchanged: QuestionChange[];
  /** Two-sided p of McNemar's exact test on the numbers of won and lost questions. */
  p: number;
  verdict: Verdict;
  /** 95% bootstrap interval of the change in MRR@10. */
  mrrChange: Interval;
}

/** If p is at least this, the comparison claims no difference. */
const significance = 0.05;

export function verdictOf(won: number, lost: number): { verdict: Verdict; p: number } {
  const p = mcNemar(won, lost);
  if (p >= significance) return { verdict: 'noDifferenceShown', p };
  return { verdict: won > lost ? 'better' : 'worse', p };
}

/**
 * Compares each question before and after training. Leaves out questions that only one of the evaluations has, because
 * they cannot be paired.
 */
export function compareQuestions(
  before: readonly QuestionResult[],
  after: readonly QuestionResult[],
  k: number,
  seed = 0,
): Comparison {
  const earlier = new Map(before.map((result) => [result.questionId, result]));
  const paired = after.flatMap((result) => {
    const old = earlier.get(result.questionId);
    return old ? [{ old, result }] : [];
  });
  const won: QuestionChange[] = [];
  const lost: QuestionChange[] = [];
  const unchanged: QuestionChange[] = [];
  for (const { old, result } of paired) {
    const change = {
      questionId: result.questionId,
      rankBefore: firstRank(old.ranks),
      rankAfter: firstRank(result.ranks),
    };
    const hitBefore = change.rankBefore <= k;
    const hitAfter = change.rankAfter <= k;
    (hitBefore === hitAfter ? unchanged : hitAfter ? won : lost).push(change);
  }
  won.sort((a, b) => b.rankBefore - a.rankBefore);
  lost.sort((a, b) => b.rankAfter - a.rankAfter);
  const mrrChange = pairedBootstrap(
    paired.map(({ old }) => mrrAtK(old.ranks, 10)),
    paired.map(({ result }) => mrrAtK(result.ranks, 10)),
    seed,
  );
  return { won, lost, unchanged, ...verdictOf(won.length, lost.length), mrrChange };
}
