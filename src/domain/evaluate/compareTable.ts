import { comparedMetrics, metricId, metricValue, type ComparedMetric } from './comparedMetric';
import type { Verdict } from './comparison';
import type { QuestionResult } from './evaluation';
import { bootstrapP, holm, questionsNeeded } from './significance';
import { bootstrapMeans, mcNemar, percentileInterval, wilsonInterval, type Interval } from './statistics';

/** A model's mean of a metric compared with the baseline's on the same questions. */
export interface Difference {
  difference: number;
  /** 95% bootstrap interval. */
  interval: Interval;
  /** Questions on which the model's value is higher, and lower. */
  won: number;
  lost: number;
  /** McNemar's exact test; only for hit rates. */
  mcNemar: number | null;
  bootstrap: number;
  /**
   * The p-value after Holm's correction over all models compared: from McNemar's test for hit rates, else from the
   * bootstrap.
   */
  adjusted: number;
  verdict: Verdict;
  /**
   * About how many questions would show the difference; null if it is shown already, and for metrics other than hit
   * rates.
   */
  needed: number | null;
}

export interface MetricCell {
  metric: ComparedMetric;
  value: number;
  /** 95% Wilson interval. It is wider than needed for metrics with values between 0 and 1. */
  wilson: Interval;
  /** 95% bootstrap interval, resampling questions. */
  bootstrap: Interval;
  /** Null in the baseline's row. */
  baseline: Difference | null;
}

export interface CompareRow {
  id: string;
  /** Number of questions. */
  questions: number;
  /** By `metricId`. */
  cells: Record<string, MetricCell>;
}

interface ComparedModel {
  id: string;
  results: readonly Pick<QuestionResult, 'questionId' | 'ranks'>[];
}

/** Significance level of the corrected p-value. */
const significance = 0.05;

/** The values of one metric: one list per model, one value per question, all in the same order of questions. */
interface Series {
  values: Float64Array[];
  means: number[];
  /** Means of the bootstrap resamples, one list per model. */
  resampled: Float64Array[];
}

const meanOf = (values: Float64Array): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Computes a table of models and metrics at a cut-off. Every model is compared with the baseline on the questions that
 * all models have results for. The same results and seed give the same table.
 */
export function compareTable(
  models: readonly ComparedModel[],
  baselineId: string,
  k: number,
  seed = 0,
): { rows: CompareRow[]; questions: number } {
  const ranks = commonRanks(models);
  const questions = ranks[0]?.length ?? 0;
  const metrics = comparedMetrics(k);
  const lists = metrics.map((metric) =>
    ranks.map((own) => Float64Array.from(own, (ofQuestion) => metricValue(metric, ofQuestion))),
  );
  const resampled = bootstrapMeans(lists.flat(), questions, seed);
  const baseline = models.findIndex(({ id }) => id === baselineId);
  const rows = models.map(({ id }): CompareRow => ({ id, questions, cells: {} }));
  metrics.forEach((metric, at) => {
    const values = lists[at] ?? [];
    const first = at * models.length;
    const series = { values, means: values.map(meanOf), resampled: resampled.slice(first, first + models.length) };
    cellsOf(metric, series, baseline).forEach((cell, row) => {
      const own = rows[row];
      if (own) own.cells[metricId(metric)] = cell;
    });
  });
  return { rows, questions };
}

/** Returns the ranks of each model's right passages, for the questions that all models have results for. */
function commonRanks(models: readonly ComparedModel[]): number[][][] {
  const byQuestion = models.map(({ results }) => new Map(results.map(({ questionId, ranks }) => [questionId, ranks])));
  const common = (models[0]?.results ?? [])
    .map(({ questionId }) => questionId)
    .filter((questionId) => byQuestion.every((own) => own.has(questionId)));
  return byQuestion.map((own) => common.map((questionId) => own.get(questionId) ?? []));
}

function cellsOf(metric: ComparedMetric, { values, means, resampled }: Series, baseline: number): MetricCell[] {
  const questions = values[0]?.length ?? 0;
  const differences = values.map((own, model) => {
    const [base, baseMeans] = [values[baseline], resampled[baseline]];
    if (model === baseline || !base || !baseMeans) return null;
    const ownMeans = resampled[model] ?? new Float64Array();
    return differenceOf(metric, { own, base, ownMeans, baseMeans });
  });
  const found = differences.filter((one) => one !== null);
  const adjusted = holm(found.map(({ mcNemar, bootstrap }) => mcNemar ?? bootstrap));
  return values.map((_, model): MetricCell => {
    const value = means[model] ?? 0;
    const difference = differences[model] ?? null;
    const p = difference ? (adjusted[found.indexOf(difference)] ?? 1) : 1;
    return {
      metric,
      value,
      wilson: wilsonInterval(value * questions, questions),
      bootstrap: percentileInterval(resampled[model] ?? new Float64Array()),
      baseline: difference && judged(difference, p, metric.name === 'hitRate' ? questions : null),
    };
  });
}

type Unjudged = Omit<Difference, 'adjusted' | 'verdict' | 'needed'>;

function differenceOf(
  metric: ComparedMetric,
  { own, base, ownMeans, baseMeans }: Record<'own' | 'base' | 'ownMeans' | 'baseMeans', Float64Array>,
): Unjudged {
  const differences = own.map((value, question) => value - (base[question] ?? 0));
  const difference = meanOf(differences);
  const means = ownMeans.map((mean, round) => mean - (baseMeans[round] ?? 0));
  const won = differences.reduce((count, one) => count + (one > 0 ? 1 : 0), 0);
  const lost = differences.reduce((count, one) => count + (one < 0 ? 1 : 0), 0);
  return {
    difference,
    interval: percentileInterval(means),
    won,
    lost,
    mcNemar: metric.name === 'hitRate' ? mcNemar(won, lost) : null,
    bootstrap: bootstrapP(means, difference),
  };
}

function judged(difference: Unjudged, adjusted: number, questions: number | null): Difference {
  const { won, lost } = difference;
  const shown = adjusted < significance;
  const verdict = shown ? (difference.difference > 0 ? 'better' : 'worse') : 'noDifferenceShown';
  const needed = shown || questions === null ? null : questionsNeeded(won, lost, questions);
  return { ...difference, adjusted, verdict, needed };
}
