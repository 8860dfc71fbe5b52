import type { MetricName } from '../experiment';
import type { BlendMoment, ProbeMoment } from './blendMoment';
import type { Question, QuestionPart } from '../records';
import { firstRank, hitRateAtK, mrrAtK, ndcgAtK, precisionAtK, recallAtK, type Metrics, type Ranks } from './metrics';
import type { PassageOrder } from './ranking';
import { wilsonInterval, type Interval } from './statistics';
import type { ChosenThreshold } from './threshold';

/** Result of one question: the ranks of its relevant passages, and the best-ranked passages. */
export interface QuestionResult {
  questionId: string;
  /** Ranks of the relevant passages, ascending, counted from 1. */
  ranks: number[];
  top: { passageId: string; score: number }[];
  /**
   * Score of the best-ranked relevant passage. Absent if no relevant passage was found, and in results stored by
   * earlier versions.
   */
  rightScore?: number;
}

/** What an evaluation is on: dev or test questions of the run, or a probe set. */
export type EvaluatedPart = QuestionPart | 'probe';
export type EvaluationMoment = 'before' | 'after';

/**
 * The metrics on dev, test or a probe set before or after training, or of a blend; stored under
 * [runId, part, moment]. On a probe set, the moment names the set; those that don't, written before, are not read.
 */
export interface Evaluation {
  runId: string;
  part: EvaluatedPart;
  moment: EvaluationMoment | BlendMoment | ProbeMoment;
  metrics: Metrics;
  /** Hit rate for each of the experiment's `ks`; `recallAtK` and `precisionAtK` have the same keys. */
  hitRateAtK: Record<number, number>;
  recallAtK: Record<number, number>;
  precisionAtK: Record<number, number>;
  /** 95% Wilson interval of each hit rate, by k. */
  hitRateIntervals: Record<number, Interval>;
  results: QuestionResult[];
  createdAt: number;
  encodeMs: number;
  /** Only on dev: the threshold that the user has kept for the scores of this model. */
  threshold?: ChosenThreshold;
  /** Only on a probe set: which one; see `ProbeFacts`. */
  probeSha256?: string;
}

/** Builds a question's result. `found.top[].passage` is a place in the order, not a passage index. */
export function questionResult(
  question: Question,
  found: {
    ranks: readonly number[];
    scores: readonly number[];
    top: readonly { passage: number; score: number }[];
  },
  { ids, inOrder }: PassageOrder,
): QuestionResult {
  const top = found.top.map(({ passage, score }) => ({ passageId: ids[inOrder[passage] ?? -1] ?? '', score }));
  const ranks = [...found.ranks].sort((a, b) => a - b);
  return { questionId: question.id, ranks, top, ...scoreOfBest(found.ranks, found.scores) };
}

/** Returns the score of the relevant passage with the best rank, if it is a number. */
export function scoreOfBest(ranks: readonly number[], scores: readonly number[]): Pick<QuestionResult, 'rightScore'> {
  const rightScore = scores[ranks.indexOf(firstRank(ranks))];
  return rightScore !== undefined && Number.isFinite(rightScore) ? { rightScore } : {};
}

const metricOf: Record<MetricName, (ranks: Ranks) => number> = {
  hitRateAt1: (ranks) => hitRateAtK(ranks, 1),
  hitRateAt3: (ranks) => hitRateAtK(ranks, 3),
  hitRateAt5: (ranks) => hitRateAtK(ranks, 5),
  hitRateAt10: (ranks) => hitRateAtK(ranks, 10),
  recallAt10: (ranks) => recallAtK(ranks, 10),
  mrrAt10: (ranks) => mrrAtK(ranks, 10),
  ndcgAt10: (ranks) => ndcgAtK(ranks, 10),
};

/** Returns a metric of one question. */
export function questionMetric(name: MetricName, ranks: Ranks): number {
  return metricOf[name](ranks);
}

/** Returns the mean over questions. Divides once at the end, so that the mean of ones is exactly 1. */
export function meanOf(results: readonly QuestionResult[], value: (ranks: Ranks) => number): number {
  let sum = 0;
  for (const result of results) sum += value(result.ranks);
  return results.length === 0 ? 0 : sum / results.length;
}

type EvaluatedRanks = Pick<Evaluation, 'metrics' | 'hitRateAtK' | 'recallAtK' | 'precisionAtK' | 'hitRateIntervals'>;

/**
 * Returns the means of all metrics over the questions. `ks` are the cut-offs that the experiment adds to the fixed
 * ones.
 */
export function evaluateRanks(
  results: readonly QuestionResult[],
  questions: readonly Question[],
  passages: number,
  ks: readonly number[],
): EvaluatedRanks {
  const named = (metric: MetricName): number => meanOf(results, metricOf[metric]);
  const metrics: Metrics = {
    hitRateAt1: named('hitRateAt1'),
    hitRateAt3: named('hitRateAt3'),
    hitRateAt5: named('hitRateAt5'),
    hitRateAt10: named('hitRateAt10'),
    recallAt10: named('recallAt10'),
    mrrAt10: named('mrrAt10'),
    ndcgAt10: named('ndcgAt10'),
    questions: questions.length,
    passages,
  };
  const byK = <T>(value: (k: number) => T): Record<number, T> => Object.fromEntries(ks.map((k) => [k, value(k)]));
  const hits = (k: number): number => results.filter((result) => hitRateAtK(result.ranks, k) === 1).length;
  return {
    metrics,
    hitRateAtK: byK((k) => meanOf(results, (ranks) => hitRateAtK(ranks, k))),
    recallAtK: byK((k) => meanOf(results, (ranks) => recallAtK(ranks, k))),
    precisionAtK: byK((k) => meanOf(results, (ranks) => precisionAtK(ranks, k))),
    hitRateIntervals: byK((k) => wilsonInterval(hits(k), results.length)),
  };
}
