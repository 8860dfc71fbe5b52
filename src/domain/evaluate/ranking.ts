import type { MetricName } from '../experiment';
import type { Passage, Question } from '../records';
import type { Evaluation, Metrics, QuestionResult } from '../run';
import { hitRateAtK, mrrAtK, ndcgAtK, precisionAtK, recallAtK, type Ranks } from './metrics';
import { wilsonInterval } from './statistics';

/** Number of top passages stored and shown per question. */
export const shownPassages = 10;

/**
 * The knowledge base in the order that breaks ties: of passages with equal scores, the smaller id ranks first. Metrics
 * therefore do not depend on the order of computation.
 */
export interface PassageOrder {
  ids: string[];
  /** Position of passage i when all ids are sorted ascending by UTF-16 code units. */
  place: Uint32Array;
  /** The inverse of `place`: the passage at each position. */
  inOrder: Uint32Array;
  indexOf: Map<string, number>;
}

export function passageOrder(passages: readonly Pick<Passage, 'id'>[]): PassageOrder {
  const ids = passages.map((passage) => passage.id);
  const inOrder = Uint32Array.from(ids.keys()).sort((a, b) => {
    const left = ids[a] ?? '';
    const right = ids[b] ?? '';
    return left < right ? -1 : left > right ? 1 : 0;
  });
  const place = new Uint32Array(ids.length);
  inOrder.forEach((passage, at) => (place[passage] = at));
  return { ids, place, inOrder, indexOf: new Map(ids.map((id, index) => [id, index])) };
}

/** Returns the places of a question's relevant passages. Skips passages that are not in the knowledge base. */
export function relevantPlaces({ relevant }: Question, { indexOf, place }: PassageOrder): number[] {
  return [...new Set(relevant)].flatMap((id) => {
    const passage = indexOf.get(id);
    return passage === undefined ? [] : [place[passage] ?? 0];
  });
}

/** Builds a question's result. `found.top[].passage` is a place in the order, not a passage index. */
export function questionResult(
  question: Question,
  found: { ranks: readonly number[]; top: readonly { passage: number; score: number }[] },
  { ids, inOrder }: PassageOrder,
): QuestionResult {
  const top = found.top.map(({ passage, score }) => ({ passageId: ids[inOrder[passage] ?? -1] ?? '', score }));
  return { questionId: question.id, ranks: [...found.ranks].sort((a, b) => a - b), top };
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

/** Returns the mean over questions. Divides once at the end, so that the mean of ones is exactly 1. */
function mean(results: readonly QuestionResult[], value: (ranks: Ranks) => number): number {
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
  const named = (metric: MetricName): number => mean(results, metricOf[metric]);
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
    hitRateAtK: byK((k) => mean(results, (ranks) => hitRateAtK(ranks, k))),
    recallAtK: byK((k) => mean(results, (ranks) => recallAtK(ranks, k))),
    precisionAtK: byK((k) => mean(results, (ranks) => precisionAtK(ranks, k))),
    hitRateIntervals: byK((k) => wilsonInterval(hits(k), results.length)),
  };
}
