import { answerAt, type AnswerAt } from './answerAt';
import type { Verdict } from './comparison';
import type { QuestionResult } from './evaluation';
import { hitRateAtK } from './metrics';
import { holm } from './significance';
import { wilsonInterval, type Interval } from './statistics';

/** How a candidate answers a probe set at a cut-off. */
export interface ProbedModel {
  id: string;
  questions: number;
  hits: number;
  /** 95% Wilson interval of the hit rate. */
  interval: Interval;
  /**
   * Compared with the baseline on the same questions; null for the baseline, or if that was not measured. `adjusted` is
   * the p-value of McNemar's test after Holm's correction over all candidates that are passed in and were measured.
   */
  baseline: { verdict: Verdict; won: number; lost: number; adjusted: number } | null;
}

/** Significance level of the corrected p-value. */
const significance = 0.05;

/** Computes the hits of candidates on a probe set, and how each compares with the baseline. */
export function comparedProbe(
  models: readonly { id: string; results: readonly QuestionResult[] }[],
  baselineId: string,
  k: number,
): ProbedModel[] {
  const base = models.find(({ id }) => id === baselineId);
  const answers = models.map(({ id, results }) =>
    base && id !== baselineId ? answerAt(base.results, results, k) : null,
  );
  const compared = answers.filter((answer) => answer !== null);
  const adjusted = holm(compared.map(({ p }) => p));
  return models.map(({ id, results }, at): ProbedModel => {
    const questions = results.length;
    const hits = results.reduce((sum, { ranks }) => sum + hitRateAtK(ranks, k), 0);
    const answer = answers[at] ?? null;
    const p = answer ? (adjusted[compared.indexOf(answer)] ?? 1) : 1;
    return { id, questions, hits, interval: wilsonInterval(hits, questions), baseline: answer && judged(answer, p) };
  });
}

/** Judges a candidate by the corrected p. */
function judged(answer: AnswerAt, adjusted: number): ProbedModel['baseline'] {
  const { won, lost, verdict } = answer;
  return { verdict: adjusted < significance ? verdict : 'noDifferenceShown', won, lost, adjusted };
}
