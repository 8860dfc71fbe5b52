import type { RawRecord, RecordReader } from './reading';

const delimiters = [',', '\t', ';'];
/** In characters. A longer row has an unclosed quote, which without a limit would swallow the rest of a big file. */
const longestRow = 1_000_000;

/** Returns the delimiter that is most frequent in the first line, outside quotes. */
function delimiterOf(firstLine: string): string {
  const bare = firstLine.replace(/"[^"]*"/g, '');
  const counts = delimiters.map((delimiter) => bare.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ',';
}

/**
 * Reads comma-, tab- or semicolon-separated values (RFC 4180: quotes are doubled inside quoted cells, which may contain
 * line breaks). The first row names the columns. Every other row becomes an object, reported with the line on which it
 * begins. Cells without a column name are dropped.
 */
export class CsvReader implements RecordReader {
  /** Text not yet read. Starts at the beginning of a row, which may be incomplete. */
  #text = '';
  #line = 1;
  #delimiter: string | null = null;
  #names: string[] | null = null;
  readonly #fixedDelimiter: string | undefined;

  constructor(delimiter?: string) {
    this.#fixedDelimiter = delimiter;
  }

  /** Column names; empty until the first row is read. */
  get columns(): readonly string[] {
    return this.#names ?? [];
  }

  push(text: string): RawRecord[] {
    this.#text += text;
    return this.#rows(false);
  }

  end(): RawRecord[] {
    return this.#rows(true);
  }

  #rows(atEnd: boolean): RawRecord[] {
    const records: RawRecord[] = [];
    this.#delimiter ??=
      this.#fixedDelimiter ??
      (/[\r\n]/.test(this.#text) || atEnd ? delimiterOf(this.#text.split(/[\r\n]/)[0] ?? '') : null);
    if (this.#delimiter === null) return records;
    let from = 0;
    while (from < this.#text.length) {
      const row = readRow(this.#text, from, this.#delimiter, atEnd || this.#text.length - from > longestRow);
      if (!row) break;
      this.#take(row, records);
      this.#line += row.lines;
      from = row.next;
    }
    this.#text = this.#text.slice(from);
    return records;
  }

  #take(row: CsvRow, records: RawRecord[]): void {
    if (row.cells.every((cell) => cell.trim() === '')) return;
    if (row.broken) records.push({ line: this.#line, fault: 'csv-broken' });
    else if (!this.#names) this.#names = row.cells.map((cell) => cell.trim());
    else
      records.push({
        line: this.#line,
        value: Object.fromEntries(this.#names.map((name, index) => [name, row.cells[index] ?? ''])),
      });
  }
}

interface CsvRow {
  cells: string[];
  /** Offset of the next row. */
  next: number;
  /** Number of line breaks in the row, including the one that ends it. */
  lines: number;
  /** A quote is not closed, or text follows a closing quote. */
  broken: boolean;
}

/** Reads the row at `from`. Returns null if its end may be in text that has not arrived yet. */
function readRow(text: string, from: number, delimiter: string, atEnd: boolean): CsvRow | null {
  const row: CsvRow = { cells: [], next: from, lines: 0, broken: false };
  let at = from;
  for (;;) {
    const cell = text[at] === '"' ? quotedCell(text, at) : bareCell(text, at, delimiter);
    if (cell === null) return atEnd ? brokenRow(text, from) : null;
    row.cells.push(cell.value);
    row.lines += cell.lines;
    at = cell.next;
    const follows = text[at];
    if (follows === undefined) return atEnd ? { ...row, next: at } : null;
    if (follows === delimiter) at += 1;
    else if (follows === '\n' || follows === '\r') {
      if (follows === '\r' && at + 1 === text.length && !atEnd) return null;
      return { ...row, lines: row.lines + 1, next: at + (text.startsWith('\r\n', at) ? 2 : 1) };
    } else return brokenRow(text, from);
  }
}

/** Ends a broken row at its line break, so that the rows after it can still be read. */
function brokenRow(text: string, from: number): CsvRow {
  const lineEnd = /\r\n|\n|\r|$/g;
  lineEnd.lastIndex = from;
  const match = lineEnd.exec(text);
  const end = match?.index ?? text.length;
  return { cells: [text.slice(from, end)], next: end + (match?.[0].length ?? 0), lines: 1, broken: true };
}

interface Cell {
  value: string;
  next: number;
  lines: number;
}

function bareCell(text: string, from: number, delimiter: string): Cell {
  let end = from;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end += 1;
  return { value: text.slice(from, end), next: end, lines: 0 };
}

function quotedCell(text: string, from: number): Cell | null {
  let close = text.indexOf('"', from + 1);
  while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close === -1) return null;
  const value = text.slice(from + 1, close).replaceAll('""', '"');
  return { value, next: close + 1, lines: (value.match(/\r\n|\n|\r/g) ?? []).length };
}
