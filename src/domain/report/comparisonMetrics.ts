import type { ReportFacts, ReportedModel } from './reportFacts';
import type { CompareRow, Difference } from '../evaluate/compareTable';

/** Numbers that JSON lacks become null: the rank of a passage that was not found, and “no number of questions”. */
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

/** Returns what metrics.json says about a comparison. */
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
  const nameOf = (id: string): string | null => models.find((model) => model.id === id)?.name ?? null;
  const byId = new Map(rows.map((row) => [row.id, row]));
  return {
    name,
    part,
    k,
    passages,
    knowledgeBaseSha256,
    leftOut,
    testUses,
    baseline: nameOf(baselineId),
    best: nameOf(judgedId),
    models: models.map((model) => {
      const { id, name: own, detail, kind, settings, bytes, dimension, passagesPerSecond } = model;
      const about = { name: own, detail, kind, settings, bytes, dimension, passagesPerSecond };
      return { ...about, metrics: metricsOf(byId.get(id)), ...questionsOf(model) };
    }),
    questions,
    failures: facts.failures,
  };
}
