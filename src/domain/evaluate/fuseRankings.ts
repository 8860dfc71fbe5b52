import type { Question } from '../records';
import { scoreOfBest, type QuestionResult } from './evaluation';
import { relevantPassages, shownPassages, type PassageOrder } from './ranking';

/** Number of passages of each ranking that are fused. */
export const fusionDepth = 100;
/** The constant of reciprocal rank fusion, as in the paper: it keeps the first places from deciding alone. */
export const fusionK = 60;

/**
 * Fuses rankings of one question by reciprocal rank fusion (Cormack, Clarke & Büttcher 2009): a passage scores the sum
 * of 1 / (60 + rank) over the rankings that have it among their first 100. Of equal scores, the smaller id ranks first.
 * A passage in none of them isn't found: its rank is infinite. Rankings list passage indexes, best first.
 */
export function fuseRankings(
  rankings: readonly (readonly number[])[],
  question: Question,
  { ids, place, indexOf }: PassageOrder,
): QuestionResult {
  const scores = new Map<number, number>();
  for (const ranking of rankings)
    for (const [at, passage] of ranking.slice(0, fusionDepth).entries())
      scores.set(passage, (scores.get(passage) ?? 0) + 1 / (fusionK + at + 1));
  const fused = [...scores].sort(([a, x], [b, y]) => y - x || (place[a] ?? 0) - (place[b] ?? 0));
  const rankOf = new Map(fused.map(([passage], at) => [passage, at + 1]));
  const right = relevantPassages(question, { indexOf });
  const ranks = right.map((passage) => rankOf.get(passage) ?? Infinity);
  const rightScore = scoreOfBest(
    ranks,
    right.map((passage) => scores.get(passage) ?? NaN),
  );
  const top = fused.slice(0, shownPassages).map(([passage, score]) => ({ passageId: ids[passage] ?? '', score }));
  return { questionId: question.id, ranks: ranks.sort((a, b) => a - b), top, ...rightScore };
}
