import type { Verdict } from '../evaluate/comparison';
import { questionMetric, type QuestionResult } from '../evaluate/evaluation';
import { pairedBootstrap, type Interval } from '../evaluate/statistics';
import type { MetricName } from '../experiment';
import { armNames, type ArmName } from './arms';

/** The change of the metric's mean from the in-batch arm to another, with its 95% bootstrap interval. */
export interface ArmChange {
  change: number;
  interval: Interval;
  /** `better` or `worse` only if the interval excludes 0. */
  verdict: Verdict;
}

/** The arms of the negatives experiment, compared on the questions that all of them were evaluated on. */
export interface ArmsComparison {
  metric: MetricName;
  questions: number;
  means: Record<ArmName, number>;
  mined: ArmChange;
  filtered: ArmChange;
}

/** Compares the dev evaluations of the arms, question by question. */
export function compareArms(
  results: Record<ArmName, readonly QuestionResult[]>,
  metric: MetricName,
  seed = 0,
): ArmsComparison {
  const byQuestion = (name: ArmName) => new Map(results[name].map((result) => [result.questionId, result]));
  const found = { inBatch: byQuestion('inBatch'), mined: byQuestion('mined'), filtered: byQuestion('filtered') };
  const shared = [...found.inBatch.keys()].filter((id) => armNames.every((name) => found[name].has(id)));
  const valuesOf = (name: ArmName): number[] =>
    shared.map((id) => questionMetric(metric, found[name].get(id)?.ranks ?? []));
  const inBatch = valuesOf('inBatch');
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const changeOf = (values: readonly number[]): ArmChange => {
    const interval = pairedBootstrap(inBatch, values, seed);
    const verdict = interval.low > 0 ? 'better' : interval.high < 0 ? 'worse' : 'noDifferenceShown';
    return { change: mean(values) - mean(inBatch), interval, verdict };
  };
  const [mined, filtered] = [valuesOf('mined'), valuesOf('filtered')];
  return {
    metric,
    questions: shared.length,
    means: { inBatch: mean(inBatch), mined: mean(mined), filtered: mean(filtered) },
    mined: changeOf(mined),
    filtered: changeOf(filtered),
  };
}
