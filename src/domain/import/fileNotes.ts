import type { ImportFault } from '../errors';
import type { RecordFault } from './recordReader';

export type FileNote = RecordFault & { line: number };

/** Collects the notes that a report lists once per file, each with the first line that it concerns. */
export class FileNotes {
  readonly #counts = new Map<ImportFault, { line: number; count: number }>();
  /** Columns with values, by name: the first line with a value, and whether a row was made from the column. */
  readonly #columns = new Map<string, { line: number; used: boolean }>();
  /** Columns with values that could not be read: the first line with one, and their number. */
  readonly #unread = new Map<string, { line: number; count: number }>();

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

  columns(names: readonly { name: string; used: boolean }[], line: number): void {
    for (const { name, used } of names) {
      const before = this.#columns.get(name);
      if (before === undefined) this.#columns.set(name, { line, used });
      else if (used) before.used = true;
    }
  }

  /** Returns the notes of the file and clears them for the next file. */
  take(): FileNote[] {
    const unused = [...this.#columns].filter(([, { used }]) => !used);
    const notes: FileNote[] = [...this.#counts].map(([fault, { line, count }]) => ({
      line,
      fault,
      field: String(count),
    }));
    for (const [field, { line, count }] of this.#unread)
      notes.push({ line, fault: 'values-unread', field, expected: String(count) });
    const line = unused.reduce((first, [, column]) => Math.min(first, column.line), Infinity);
    if (unused.length > 0)
      notes.push({ line, fault: 'columns-unused', field: unused.map(([name]) => name).join(', ') });
    this.#counts.clear();
    this.#columns.clear();
    this.#unread.clear();
    return notes;
  }
}
