import { comparisonTable } from '../evaluate/compareCsv';
import { metricId, type ComparedMetric } from '../evaluate/comparedMetric';
import type { CompareRow } from '../evaluate/compareTable';
import type { LabelDecision, LabelMark } from '../evaluate/labelDecisions';
import { firstRank } from '../evaluate/metrics';
import type { ReportFacts, ReportedModel } from './reportFacts';
import {
  cellText,
  changeNotes,
  sheetName,
  type CellChanges,
  type ChangeWords,
  type WorkbookCell,
  type WorkbookSheet,
} from './workbook';

/** The words of a workbook in one language. */
export interface SheetWords extends ChangeWords {
  questionsSheet: string;
  metricsSheet: string;
  title: string;
  /** Lines below the title: what was compared, and how intervals were computed. */
  about: string[];
  metric: string;
  /** Labels of the metrics, by `metricId`. */
  metrics: Record<string, string>;
  id: string;
  question: string;
  topic: string;
  relevant: string;
  decisions: string;
  number: string;
  decision: string;
  marks: Record<LabelMark, string>;
  passage: string;
  rank: string;
  score: string;
  notFound: string;
  /** Mark at the end of a text that was cut. */
  cutMark: string;
}

/** Columns that describe a question, before those of the models. */
const questionColumns = 5;

const bold = (value: string): WorkbookCell => ({ value, bold: true });
const share = new Set(['hitRate', 'recall', 'precision']);

const valueCell = ({ name }: ComparedMetric, value: number): WorkbookCell => ({
  value,
  format: share.has(name) ? '0.0%' : '0.0000',
});

/** Columns of the comparison table with integers; `baseline` is 1 for the baseline and 0 for the others. */
const counts = new Set<unknown>(['baseline', 'questions', 'won', 'lost', 'questions_needed']);

const percent = (value: number): string => `${(value * 100).toFixed(1)}%`;

/** Returns the interval that the page shows for a metric: Wilson's for hit rates, else the bootstrap's. */
function intervalText({ metric, wilson, bootstrap }: CompareRow['cells'][string]): string {
  const { low, high } = metric.name === 'hitRate' ? wilson : bootstrap;
  const shown = share.has(metric.name) ? percent : (value: number): string => value.toFixed(4);
  return `${shown(low)}–${shown(high)}`;
}

/** Returns the statistics: a row per metric, with value and interval of each model. */
function statistics({ rows, models }: ReportFacts, words: SheetWords, text: (value: string) => string) {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const empty: WorkbookCell[] = Array.from({ length: questionColumns - 1 }, () => null);
  const head = [bold(words.metric), ...empty, ...models.flatMap(({ name }) => [bold(text(name)), null])];
  const details = [null, ...empty, ...models.flatMap(({ detail }) => [text(detail), null])];
  const [first] = rows;
  const lines = Object.values(first?.cells ?? {}).map(({ metric }): WorkbookCell[] => {
    const id = metricId(metric);
    const ofModels = models.flatMap((model): WorkbookCell[] => {
      const cell = byId.get(model.id)?.cells[id];
      return cell ? [valueCell(metric, cell.value), intervalText(cell)] : [null, null];
    });
    return [words.metrics[id] ?? id, ...empty, ...ofModels];
  });
  return [head, details, ...lines];
}

/** Returns a model's rank and score for the best right passage of a question. */
function answerCells(
  model: Map<string, ReportedModel['results'][number]>,
  id: string,
  words: SheetWords,
): WorkbookCell[] {
  const result = model.get(id);
  if (!result) return [null, null];
  const rank = firstRank(result.ranks);
  const { rightScore } = result;
  return [
    Number.isFinite(rank) ? { value: rank, format: '0' } : words.notFound,
    rightScore !== undefined && Number.isFinite(rightScore) ? { value: rightScore, format: '0.0000' } : null,
  ];
}

/** Returns the rows of the questions, with each model's rank and score for the right passage. */
function questionRows({ questions, models, texts }: ReportFacts, words: SheetWords, text: (value: string) => string) {
  const heads = [words.id, words.question, words.topic, words.relevant, words.passage];
  const head = [...heads.map(bold), ...models.flatMap(() => [bold(words.rank), bold(words.score)])];
  const results = models.map((model) => new Map(model.results.map((result) => [result.questionId, result])));
  const rows = questions.map(({ id, text: question, topic, relevant }): WorkbookCell[] => {
    const passage = relevant.map((one) => texts.get(one)).find((one) => one !== undefined) ?? '';
    const wrapped = (value: string): WorkbookCell => ({ value: text(value), wrap: true });
    const about = [text(id), wrapped(question), text(topic ?? ''), text(relevant.join(' ')), wrapped(passage)];
    return [...about, ...results.flatMap((own) => answerCells(own, id, words))];
  });
  return [head, ...rows];
}

/** Returns the table: a header row, then one row per model and metric. */
function figureRows({ rows, models, baselineId }: ReportFacts, text: (value: string) => string): WorkbookCell[][] {
  const table = comparisonTable(rows, models, baselineId);
  const [head = []] = table;
  return table.map((row, index) =>
    row.map((cell, column): WorkbookCell => {
      const format = counts.has(head[column]) ? '0' : '0.0000';
      if (typeof cell === 'number') return Number.isFinite(cell) ? { value: cell, format } : null;
      return index === 0 ? bold(cell ?? '') : text(cell ?? '');
    }),
  );
}

/** Returns the user's decisions about labels, one per row. */
function decisionRows(
  decisions: readonly LabelDecision[],
  words: SheetWords,
  text: (value: string) => string,
): WorkbookCell[][] {
  const head = [words.number, words.id, words.question, words.passage, words.decision].map(bold);
  const rows = decisions.map(({ number, questionId, question, passageId, mark }): WorkbookCell[] => [
    { value: number, format: '0' },
    ...[text(questionId), text(question), text(passageId), words.marks[mark]],
  ]);
  return [head, ...rows];
}

/**
 * Returns the sheets of a report. One has questions in rows and models in columns, with statistics on top; the next has
 * all figures of the table, one row per model and metric. A third has the user's decisions about labels, if any.
 */
export function resultSheets(facts: ReportFacts, words: SheetWords): WorkbookSheet[] {
  const changes: CellChanges = { cut: 0, replaced: 0 };
  const text = (value: string): string => cellText(value, words.cutMark, changes);
  const top = [[bold(text(words.title))], ...words.about.map((line) => [text(line)])];
  const body = [...statistics(facts, words, text), [], ...questionRows(facts, words, text)];
  const table = figureRows(facts, text);
  const decisions = facts.extras.labels && decisionRows(facts.extras.labels.decisions, words, text);
  const notes = changeNotes(changes, words).map((line) => [line]);
  const modelWidths = facts.models.flatMap(() => [14, 18]);
  return [
    {
      name: sheetName(words.questionsSheet),
      widths: [16, 44, 14, 16, 60, ...modelWidths],
      rows: [...top, ...notes, [], ...body],
    },
    { name: sheetName(words.metricsSheet), widths: [28, 28, ...(table[0] ?? []).slice(2).map(() => 14)], rows: table },
    ...(decisions ? [{ name: sheetName(words.decisions), widths: [10, 16, 44, 16, 20], rows: decisions }] : []),
  ];
}
