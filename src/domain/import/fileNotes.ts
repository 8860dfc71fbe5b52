import type { ImportFault } from '../errors';
import type { RecordFault } from './recordReader';
import { labelIn } from './scores';

/** A column with a value in a row, and whether the row was made from it. */
export interface ColumnUse {
  name: string;
  used: boolean;
  value: unknown;
}

/** Statistics of a column that has values. */
interface ColumnRecord {
  /** First row with a value. */
  line: number;
  used: boolean;
  /** Rows whose value was not used: their number and the first of them. */
  passedOver: number;
  firstPassedOver: number;
  /** Number of labels that say no, and the row of the first. Null if some value is not a label. */
  labels: { no: number; firstNo: number; countsRows: boolean } | null;
}

export type FileNote = RecordFault & { line: number };

/** Collects the notes that a report lists once per file, each with the first line that it concerns. */
export class FileNotes {
  readonly #counts = new Map<ImportFault, { line: number; count: number }>();
  /** Columns with values, by name. */
  readonly #columns = new Map<string, ColumnRecord>();
  /** Columns with values that could not be read: the first line with one, and their number. */
  readonly #unread = new Map<string, { line: number; count: number }>();

  #withoutScores: { line: number; count: number } | null = null;

  count(fault: ImportFault, count: number, line: number): void {
    if (count === 0) return;
    const before = this.#counts.get(fault);
    this.#counts.set(fault, { line: before?.line ?? line, count: (before?.count ?? 0) + count });
  }

  /** Notes that the value of a column could not be read in a row that is kept without it. */
  unread(column: string, line: number): void {
    const before = this.#unread.get(column);
    this.#unread.set(column, { line: before?.line ?? line, count: (before?.count ?? 0) + 1 });
  }

  /** Notes pairs with or without teacher scores. Those without are worth a note only if others have some. */
  scored(hasScores: boolean, pairs: number, line: number): void {
    if (hasScores) this.count('teacher-scores-kept', pairs, line);
    else
      this.#withoutScores = {
        line: this.#withoutScores?.line ?? line,
        count: (this.#withoutScores?.count ?? 0) + pairs,
      };
  }

  columns(uses: readonly ColumnUse[], line: number): void {
    for (const { name, used, value } of uses) {
      const column = this.#columns.get(name) ?? this.#newColumn(name, line);
      column.used ||= used;
      if (used) continue;
      if (column.passedOver === 0) column.firstPassedOver = line;
      column.passedOver += 1;
      if (column.used || !column.labels) continue;
      const label = labelIn(value);
      if (label === null) column.labels = null;
      else {
        column.labels.countsRows &&= String(value).trim() === String(column.passedOver - 1);
        if (label <= 0 && column.labels.no++ === 0) column.labels.firstNo = line;
      }
    }
  }

  #newColumn(name: string, line: number): ColumnRecord {
    const labels = { no: 0, firstNo: 0, countsRows: true };
    const column = { line, used: false, passedOver: 0, firstPassedOver: line, labels };
    this.#columns.set(name, column);
    return column;
  }

  /** Returns the columns that a row was made from. */
  usedColumns(): ReadonlySet<string> {
    return new Set([...this.#columns].flatMap(([name, { used }]) => (used ? [name] : [])));
  }

  /** Returns the notes of the file and clears them for the next file. */
  take(): FileNote[] {
    const unused = [...this.#columns].filter(([, { used }]) => !used);
    if (this.#withoutScores && this.#counts.has('teacher-scores-kept'))
      this.count('teacher-scores-missing', this.#withoutScores.count, this.#withoutScores.line);
    const notes: FileNote[] = [...this.#counts].map(([fault, { line, count }]) => ({
      line,
      fault,
      field: String(count),
    }));
    for (const [field, { line, count }] of this.#unread)
      notes.push({ line, fault: 'values-unread', field, expected: String(count) });
    for (const [field, { used, passedOver, firstPassedOver }] of this.#columns)
      if (used && passedOver > 0)
        notes.push({ line: firstPassedOver, fault: 'values-unused', field, expected: String(passedOver) });
    for (const [field, { labels, passedOver }] of unused)
      if (labels && !labels.countsRows && labels.no > 0 && passedOver > 1)
        notes.push({ line: labels.firstNo, fault: 'column-maybe-label', field, expected: String(labels.no) });
    const line = unused.reduce((first, [, column]) => Math.min(first, column.line), Infinity);
    if (unused.length > 0)
      notes.push({ line, fault: 'columns-unused', field: unused.map(([name]) => name).join(', ') });
    this.#withoutScores = null;
    this.#counts.clear();
    this.#columns.clear();
    this.#unread.clear();
    return notes;
  }
}
