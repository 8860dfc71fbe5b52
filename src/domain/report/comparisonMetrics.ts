import { nameOf, type ReportFacts, type ReportedModel } from './reportFacts';
import type { CompareRow, Difference } from '../evaluate/compareTable';

/**
 * Infinity becomes null, because JSON lacks it: the rank of a passage that was not found, and a number of questions
 * that does not exist.
 */
const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);

function differenceOf(difference: Difference | null): object | null {
  return difference && { ...difference, needed: finite(difference.needed) };
}

function metricsOf(row: CompareRow | undefined): object {
  return Object.fromEntries(
    Object.entries(row?.cells ?? {}).map(([id, { value, wilson, bootstrap, baseline }]) => [
      id,
      { value, wilson, bootstrap, baseline: differenceOf(baseline) },
    ]),
  );
}

/** Returns the ranks of each question's right passages and the score of the best of them, by the question's id. */
function questionsOf({ results }: ReportedModel): { ranks: object; rightScores: object } {
  return {
    ranks: Object.fromEntries(results.map(({ questionId, ranks }) => [questionId, ranks.map(finite)])),
    rightScores: Object.fromEntries(results.map(({ questionId, rightScore = null }) => [questionId, rightScore])),
  };
}

/** Returns the figures by the user's labels, and how many of them were changed. `metrics` uses the imported labels. */
export function labelMetrics({ models, extras: { labels } }: ReportFacts): object {
  if (!labels) return { changes: 0 };
  const { changes, changed, unanswered, inexact, decisions } = labels;
  const figures = labels.models.map(({ id, ...rest }) => ({ name: nameOf({ models }, id), ...rest }));
  return { changes, changedQuestions: changed, unanswered, inexact, models: figures, decisions };
}

/** Returns the correlations of scored pairs, with the scores that they were computed from, or null. */
function pairsOf({ models, extras: { pairs } }: ReportFacts): object | null {
  if (!pairs) return null;
  const { name, trainedOn, unchecked, baselineId, rows, ids, labels, scores, otherPairs } = pairs;
  return {
    ...{ name, pairs: ids.length, trainedOn, unchecked, baseline: nameOf({ models }, baselineId), otherPairs },
    models: rows.map(({ id, undefined: why, spearman, pearson }) => {
      const own = scores.find((one) => one.id === id)?.scores ?? [];
      return { name: nameOf({ models }, id), undefined: why, spearman, pearson, scores: own };
    }),
    ids,
    labels,
  };
}

/** Returns the content of metrics.json for a comparison. */
export function comparisonMetrics(facts: ReportFacts): object {
  const {
    name,
    part,
    k,
    passages,
    knowledgeBaseSha256,
    leftOut,
    testUses,
    questions,
    models,
    rows,
    baselineId,
    judgedId,
  } = facts;
  const byId = new Map(rows.map((row) => [row.id, row]));
  return {
    name,
    part,
    k,
    passages,
    knowledgeBaseSha256,
    leftOut,
    testUses,
    baseline: nameOf(facts, baselineId),
    best: nameOf(facts, judgedId),
    models: models.map((model) => {
      const { id, name: own, detail, kind, settings, bytes, dimension, passagesPerSecond } = model;
      const about = { name: own, detail, kind, settings, bytes, dimension, passagesPerSecond };
      return { ...about, metrics: metricsOf(byId.get(id)), ...questionsOf(model) };
    }),
    questions,
    labelDecisions: labelMetrics(facts),
    scoredPairs: pairsOf(facts),
    failures: facts.failures,
  };
}
