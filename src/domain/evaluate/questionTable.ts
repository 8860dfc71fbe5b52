import { csvCell } from '../csvCell';
import {
  cellText,
  changeNotes,
  sheetName,
  type CellChanges,
  type ChangeWords,
  type WorkbookCell,
  type WorkbookSheet,
} from '../report/workbook';
import type { RankChange } from './answerAt';
import type { PairedQuestion } from './pairedQuestions';

/** A question in the saved table. `topic` and `document` are null if the data has none. */
export interface TableQuestion extends PairedQuestion {
  text: string;
  relevant: readonly string[];
  topic: string | null;
  document: string | null;
  change: RankChange;
}

/** The words of the saved table, in the language of the page. */
export interface QuestionTableWords extends ChangeWords {
  /** Names of the sheets: the questions, and what they were chosen by. */
  sheets: { questions: string; about: string };
  columns: {
    [column in 'id' | 'question' | 'topic' | 'document' | 'change' | 'right']: string;
  };
  /** Columns of each model, which follow its name. */
  ofModel: { rank: string; first: string; score: string };
  change: Record<RankChange, string>;
  notFound: string;
  /** Marks the end of a text that was cut at Excel's limit. */
  cut: string;
}

interface Content {
  questions: readonly TableQuestion[];
  models: { before: string; after: string };
  /** What the questions were chosen by, one line each: their number, the cut-off, and every filter. */
  about: readonly string[];
}

type Value = string | number | null;

function tableRows({ questions, models }: Content, words: QuestionTableWords): { head: string[]; rows: Value[][] } {
  const { columns, ofModel } = words;
  const sides = ['before', 'after'] as const;
  const head = [
    ...[columns.id, columns.question, columns.topic, columns.document, columns.change, columns.right],
    ...sides.flatMap((side) => [ofModel.rank, ofModel.first, ofModel.score].map((of) => `${models[side]}: ${of}`)),
  ];
  const rows = questions.map((question): Value[] => {
    const { questionId, text, topic, document, change, relevant, rankBefore, rankAfter } = question;
    const rankOf = { before: rankBefore, after: rankAfter };
    const ofSides = sides.flatMap((side): Value[] => {
      const [first] = question[side].top;
      const rank = rankOf[side];
      return [Number.isFinite(rank) ? rank : words.notFound, first?.passageId ?? null, first?.score ?? null];
    });
    return [questionId, text, topic, document, words.change[change], relevant.join(' '), ...ofSides];
  });
  return { head, rows };
}

/**
 * Returns the questions as CSV. The lines of `about` come first, one cell each, so that the file says which questions
 * it has; the header row follows. Cells that a spreadsheet would take for formulas are guarded.
 */
export function questionTableCsv(content: Content, words: QuestionTableWords): string {
  const { head, rows } = tableRows(content, words);
  const cell = (value: Value): string => (typeof value === 'number' ? String(value) : csvCell(value ?? ''));
  const lines: Value[][] = [...content.about.map((line) => [line]), head, ...rows];
  return lines.map((line) => `${line.map(cell).join(',')}\r\n`).join('');
}

/**
 * Returns the questions as sheets of an Excel workbook. `about` is on a sheet of its own, with what had to be changed
 * in the texts.
 */
export function questionTableSheets(content: Content, words: QuestionTableWords): WorkbookSheet[] {
  const { head, rows } = tableRows(content, words);
  const changes: CellChanges = { cut: 0, replaced: 0 };
  const textOf = (text: string): string => cellText(text, words.cut, changes);
  const cellOf = (value: Value): WorkbookCell => {
    if (value === null) return null;
    if (typeof value === 'string') return textOf(value);
    return { value, format: Number.isInteger(value) ? '0' : '0.0000' };
  };
  const cells = [
    head.map((text) => ({ value: textOf(text), bold: true as const })),
    ...rows.map((row) => row.map(cellOf)),
  ];
  const about = content.about.map(textOf);
  return [
    {
      name: sheetName(words.sheets.questions),
      widths: [12, 48, 16, 16, 12, 16, 10, 16, 10, 10, 16, 10],
      rows: cells,
    },
    {
      name: sheetName(words.sheets.about),
      widths: [100],
      rows: [...about, ...changeNotes(changes, words)].map((value) => [{ value, wrap: true }]),
    },
  ];
}
