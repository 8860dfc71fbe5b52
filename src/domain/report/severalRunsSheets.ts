import { firstRank } from '../evaluate/metrics';
import type { MetricName } from '../experiment';
import type { ArmName } from '../negatives/arms';
import type { ArmsFacts } from './armsFacts';
import type { SweepFacts } from './sweepFacts';
import {
  cellText,
  changeNotes,
  sheetName,
  type CellChanges,
  type ChangeWords,
  type WorkbookCell,
  type WorkbookSheet,
} from './workbook';

/** The words of both workbooks in one language. */
export interface SeveralRunsWords extends ChangeWords {
  /** Lines on top of the first sheet. */
  top: string[];
  metric: string;
  mean: string;
  low: string;
  high: string;
  runs: string;
  done: string;
  perSeed: string;
  before: string;
  state: string;
  keptStep: string;
  steps: string;
  question: string;
  rank: (arm: string) => string;
  change: string;
  verdict: string;
  notFound: string;
  firstSheet: string;
  secondSheet: string;
  cutMark: string;
}

const bold = (value: string): WorkbookCell => ({ value, bold: true });
const count = (value: number | null): WorkbookCell => (value === null ? null : { value, format: '0' });

/** Returns a cell with a metric's value, shown as a percentage if it is a share of questions. */
function valueCell(metric: MetricName, value: number | null | undefined): WorkbookCell {
  if (value === null || value === undefined || !Number.isFinite(value)) return null;
  return { value, format: metric === 'mrrAt10' || metric === 'ndcgAt10' ? '0.0000' : '0.0%' };
}

/** Returns the lines on top of the first sheet and what had to be changed in both. Comes after all other texts. */
function topRows(changes: CellChanges, words: SeveralRunsWords): WorkbookCell[][] {
  const lines = words.top.map((line) => cellText(line, words.cutMark, changes));
  return [
    ...lines.map((line, i) => [i === 0 ? bold(line) : line]),
    ...changeNotes(changes, words).map((line) => [line]),
    [],
  ];
}

/** Returns the sheets of a sweep's report: combinations with mean and interval over seeds, and all runs. */
export function sweepSheets(
  facts: SweepFacts,
  words: SeveralRunsWords,
  textOf: { axes: readonly string[]; value: (axis: number, value: unknown) => string; status: (run: number) => string },
): WorkbookSheet[] {
  const { metric, axes, rows, runs } = facts;
  const changes: CellChanges = { cut: 0, replaced: 0 };
  const text = (value: string): string => cellText(value, words.cutMark, changes);
  const varied = axes.flatMap(({ setting }, axis) => (setting === 'seed' ? [] : [axis]));
  const heads = [...varied.map((axis) => text(textOf.axes[axis] ?? '')), words.runs, words.done, words.mean];
  const seeds = rows.reduce((most, { scores }) => Math.max(most, scores.length), 0);
  const perSeed = Array.from({ length: seeds }, () => words.perSeed);
  const combinations = rows.map(({ values, runs: all, scores, mean, interval }): WorkbookCell[] => [
    ...varied.map((axis, i) => text(textOf.value(axis, values[i]))),
    ...[count(all), count(scores.length), valueCell(metric, mean)],
    ...[interval?.low, interval?.high, ...scores].map((value) => valueCell(metric, value)),
  ]);
  const runHeads = [...textOf.axes.map(text), words.state, words.before, words.metric, words.keptStep, words.steps];
  const runRows = runs.map(({ values, before, score, keptStep, steps }, run): WorkbookCell[] => [
    ...values.map((value, axis) => text(textOf.value(axis, value))),
    ...[textOf.status(run), valueCell(metric, before), valueCell(metric, score), count(keptStep), count(steps)],
  ]);
  return [
    {
      name: sheetName(words.firstSheet),
      widths: [...varied.map(() => 24), ...Array.from({ length: 5 + seeds }, () => 14)],
      rows: [...topRows(changes, words), [...heads, words.low, words.high, ...perSeed].map(bold), ...combinations],
    },
    {
      name: sheetName(words.secondSheet),
      widths: [...axes.map(() => 24), ...Array.from({ length: 5 }, () => 14)],
      rows: [runHeads.map(bold), ...runRows],
    },
  ];
}

/** Returns the sheets of the negatives experiment: the arms with their figures, and the rank of every dev question. */
export function armsSheets(
  facts: ArmsFacts,
  words: SeveralRunsWords,
  textOf: { arms: Record<ArmName, string>; verdicts: Record<string, string>; metrics: string[][] },
): WorkbookSheet[] {
  const { metric, comparison, arms, texts } = facts;
  const changes: CellChanges = { cut: 0, replaced: 0 };
  const text = (value: string): string => cellText(value, words.cutMark, changes);
  const heads = ['', words.metric, words.change, words.low, words.high, words.verdict, words.steps];
  const figures = arms.map(({ name, steps }): WorkbookCell[] => {
    const change = name === 'inBatch' ? null : comparison[name];
    const values = [comparison.means[name], change?.change, change?.interval.low, change?.interval.high];
    const cells = values.map((value) => valueCell(metric, value));
    return [textOf.arms[name], ...cells, change ? (textOf.verdicts[change.verdict] ?? '') : null, count(steps)];
  });
  const all = textOf.metrics.map(([key = '', label = '']): WorkbookCell[] => [
    label,
    ...arms.map(({ metrics }) => valueCell(key as MetricName, metrics[key as MetricName])),
  ]);
  const byArm = arms.map(({ results }) => new Map(results.map((one) => [one.questionId, firstRank(one.ranks)])));
  const questions = (arms[0]?.results ?? []).map(({ questionId }): WorkbookCell[] => [
    text(questionId),
    { value: text(texts.get(questionId) ?? ''), wrap: true },
    ...byArm.map((ranks): WorkbookCell => {
      const rank = ranks.get(questionId);
      return rank === undefined ? null : Number.isFinite(rank) ? count(rank) : words.notFound;
    }),
  ]);
  const names = arms.map(({ name }) => textOf.arms[name]);
  return [
    {
      name: sheetName(words.firstSheet),
      widths: [28, ...Array.from({ length: 6 }, () => 16)],
      rows: [...topRows(changes, words), heads.map(bold), ...figures, [], ['', ...names].map(bold), ...all],
    },
    {
      name: sheetName(words.secondSheet),
      widths: [16, 60, ...arms.map(() => 18)],
      rows: [['id', words.question, ...names.map(words.rank)].map(bold), ...questions],
    },
  ];
}
