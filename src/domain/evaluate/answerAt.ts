import { verdictOf, type Verdict } from './comparison';
import type { QuestionResult } from './evaluation';
import { firstRank } from './metrics';
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
  const earlier = new Map(before.map(({ questionId, ranks }) => [questionId, firstRank(ranks)]));
  const counts: Record<RankChange, number> = { won: 0, lost: 0, up: 0, down: 0, same: 0 };
  const [hitsBefore, hitsAfter]: [number[], number[]] = [[], []];
  for (const { questionId, ranks } of after) {
    const old = earlier.get(questionId);
    if (old === undefined) continue;
    const rank = firstRank(ranks);
    counts[rankChange(old, rank, k)] += 1;
    hitsBefore.push(old <= k ? 1 : 0);
    hitsAfter.push(rank <= k ? 1 : 0);
  }
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
