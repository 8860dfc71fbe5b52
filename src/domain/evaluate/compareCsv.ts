import { csvCell } from '../csvCell';
import type { Question } from '../records';
import { metricId } from './comparedMetric';
import type { CompareRow } from './compareTable';
import type { QuestionResult } from './evaluation';
import { changedRelevant, type LabelChange } from './labelDecisions';
import { firstRank } from './metrics';

/** A model in the table: its name and a short description of its weights. */
export interface NamedModel {
  id: string;
  name: string;
  detail: string;
}

const line = (cells: readonly (string | number | null)[]): string =>
  cells.map((cell) => (typeof cell === 'number' ? String(cell) : csvCell(cell ?? ''))).join(',');

const file = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n`;

const tableHead = [
  ...['model', 'weights', 'baseline', 'metric', 'questions', 'value'],
  ...['wilson_low', 'wilson_high', 'bootstrap_low', 'bootstrap_high'],
  ...['difference', 'difference_low', 'difference_high', 'won', 'lost'],
  ...['p_mcnemar', 'p_bootstrap', 'p_holm', 'questions_needed'],
];

/** Returns the table: a header row, then one row per model and metric. Numbers keep all their digits. */
export function comparisonTable(
  rows: readonly CompareRow[],
  models: readonly NamedModel[],
  baselineId: string,
): (string | number | null)[][] {
  const named = new Map(models.map((model) => [model.id, model]));
  const lines = rows.flatMap(({ id, questions, cells }) =>
    Object.values(cells).map(({ metric, value, wilson, bootstrap, baseline }) => {
      const { name = '', detail = '' } = named.get(id) ?? {};
      const needed = baseline?.needed ?? null;
      const differences = baseline && [
        ...[baseline.difference, baseline.interval.low, baseline.interval.high, baseline.won, baseline.lost],
        ...[baseline.mcNemar, baseline.bootstrap, baseline.adjusted],
        needed !== null && Number.isFinite(needed) ? needed : null,
      ];
      const own = [name, detail, id === baselineId ? 1 : 0, metricId(metric), questions, value];
      return [...own, wilson.low, wilson.high, bootstrap.low, bootstrap.high, ...(differences ?? [])];
    }),
  );
  return [tableHead, ...lines];
}

/** Returns the table of `comparisonTable` as a CSV file. */
export function tableCsv(rows: readonly CompareRow[], models: readonly NamedModel[], baselineId: string): string {
  return file(comparisonTable(rows, models, baselineId).map(line));
}

/**
 * Returns a CSV file with one line per question: for each model, the rank of the first right passage, and the passage
 * that ranks first. Ranks are by the imported labels. If the user has changed some, a column has the right passages of
 * these questions.
 */
export function questionsCsv(
  questions: readonly Question[],
  models: readonly (NamedModel & { results: readonly QuestionResult[] })[],
  changes: ReadonlyMap<string, LabelChange> = new Map(),
): string {
  const head = [
    ...['id', 'question', 'topic', 'right_passages'],
    ...(changes.size > 0 ? ['decided_passages'] : []),
    ...models.flatMap(({ name, detail }) =>
      ['rank', 'first_passage', 'first_score'].map((of) => `${of}: ${name} (${detail})`),
    ),
  ];
  const byQuestion = models.map(({ results }) => new Map(results.map((result) => [result.questionId, result])));
  const lines = questions.map(({ id, text, relevant, kept }) => {
    const ofModels = byQuestion.flatMap((results): (string | number | null)[] => {
      const result = results.get(id);
      if (!result) return [null, null, null];
      const rank = firstRank(result.ranks);
      return [Number.isFinite(rank) ? rank : null, result.top[0]?.passageId ?? null, result.top[0]?.score ?? null];
    });
    const change = changes.get(id);
    const decided = change ? changedRelevant(relevant, change).join(' ') : '';
    const own = [id, text, kept?.topic ?? '', relevant.join(' '), ...(changes.size > 0 ? [decided] : [])];
    return line([...own, ...ofModels]);
  });
  return file([line(head), ...lines]);
}
