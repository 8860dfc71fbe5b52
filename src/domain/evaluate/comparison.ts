import type { QuestionResult } from './evaluation';
import { pairedBootstrap, mcNemar, type Interval } from './statistics';
import { firstRank, mrrAtK } from './metrics';

/** Rank of a question's first relevant passage, before and after training. */
interface QuestionChange {
  questionId: string;
  rankBefore: number;
  rankAfter: number;
}

export type Verdict = 'better' | 'worse' | 'noDifferenceShown';

export interface Comparison {
  /**
   * Questions with a relevant passage in the first k after training but not before. Sorted by rank before training,
   * worst first.
   */
  won: QuestionChange[];
  /**
   * Questions with a relevant passage in the first k before training but not after. Sorted by rank after training,
   * worst first.
   */
  lost: QuestionChange[];
  unchanged: QuestionChange[];
  /** Two-sided p-value of McNemar's exact test on the numbers of won and lost questions. */
  p: number;
  verdict: Verdict;
  /** 95% bootstrap interval of the change in MRR@10. */
  mrrChange: Interval;
}

/** Significance level: if p is at least this, the comparison claims no difference. */
const significance = 0.05;

export function verdictOf(won: number, lost: number): { verdict: Verdict; p: number } {
  const p = mcNemar(won, lost);
  if (p >= significance) return { verdict: 'noDifferenceShown', p };
  return { verdict: won > lost ? 'better' : 'worse', p };
}

interface QuestionChanges {
  won: QuestionChange[];
  lost: QuestionChange[];
  unchanged: QuestionChange[];
}

/** Pairs the results by question. Leaves out questions that only one of the evaluations has. */
function pairResults(
  before: readonly QuestionResult[],
  after: readonly QuestionResult[],
): { old: QuestionResult; result: QuestionResult }[] {
  const earlier = new Map(before.map((result) => [result.questionId, result]));
  return after.flatMap((result) => {
    const old = earlier.get(result.questionId);
    return old ? [{ old, result }] : [];
  });
}

/** Groups the questions that both evaluations have by whether a relevant passage entered or left the first k. */
export function questionChanges(
  before: readonly QuestionResult[],
  after: readonly QuestionResult[],
  k: number,
): QuestionChanges {
  const changes: QuestionChanges = { won: [], lost: [], unchanged: [] };
  for (const { old, result } of pairResults(before, after)) {
    const change = {
      questionId: result.questionId,
      rankBefore: firstRank(old.ranks),
      rankAfter: firstRank(result.ranks),
    };
    const hitBefore = change.rankBefore <= k;
    const hitAfter = change.rankAfter <= k;
    (hitBefore === hitAfter ? changes.unchanged : hitAfter ? changes.won : changes.lost).push(change);
  }
  return changes;
}

/** Compares each question before and after training. */
export function compareQuestions(
  before: readonly QuestionResult[],
  after: readonly QuestionResult[],
  k: number,
  seed = 0,
): Comparison {
  const { won, lost, unchanged } = questionChanges(before, after, k);
  won.sort((a, b) => b.rankBefore - a.rankBefore);
  lost.sort((a, b) => b.rankAfter - a.rankAfter);
  const paired = pairResults(before, after);
  const mrrChange = pairedBootstrap(
    paired.map(({ old }) => mrrAtK(old.ranks, 10)),
    paired.map(({ result }) => mrrAtK(result.ranks, 10)),
    seed,
  );
  return { won, lost, unchanged, ...verdictOf(won.length, lost.length), mrrChange };
}
