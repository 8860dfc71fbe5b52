import { namedRow } from './namedRow';
import type { RawRecord, RecordReader } from './recordReader';
import { columnLetters } from './sheet';

/** Characters that may separate the cells of a CSV file. */
export const csvDelimiters = [',', '\t', ';', '|'] as const;
export type CsvDelimiter = (typeof csvDelimiters)[number];

/** Delimiters that are recognised automatically. `|` is not one of them, because it is more often part of the text. */
const delimiters = [',', '\t', ';'];
/**
 * Maximum characters of a row. A longer row has an unclosed quote, which without this limit would swallow the rest of a
 * large file.
 */
const maxRowCharacters = 1_000_000;

/** Length of the line that names the delimiter. */
const separatorLength = 'sep=;\r\n'.length;

/** Returns the delimiter that is most frequent in the first line, outside quotes. */
function delimiterOf(firstLine: string): string {
  const bare = firstLine.replace(/"[^"]*"/g, '');
  const counts = delimiters.map((delimiter) => bare.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ',';
}

/**
 * Reads comma-, tab- or semicolon-separated values (RFC 4180: quotes are doubled inside quoted cells, which may contain
 * line breaks; spaces around a quoted cell are skipped). The first row names the columns. Every other row becomes an
 * object, reported with the line on which it begins. A row with more cells than columns is a fault, because any of its
 * delimiters could be the surplus one. A file with a single column has nothing to separate, so each whole line is a
 * cell.
 */
export class CsvReader implements RecordReader {
  /** Text not yet read. Starts at the beginning of a row, which may be incomplete. */
  #text = '';
  #line = 1;
  /** Whether the text up to the next line break belongs to a row that was too long. */
  #skipping = false;
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

  /** Drops the rest of a row that was reported as too long. Its line break stays, and counts as the end of the row. */
  #skipRest(): void {
    if (!this.#skipping) return;
    const end = this.#text.search(/[\r\n]/);
    this.#text = end === -1 ? '' : this.#text.slice(end);
    this.#skipping = end === -1;
  }

  /** Reads a first line such as `sep=;`, which names the delimiter for Excel. */
  #readSeparator(atEnd: boolean): void {
    if (this.#delimiter !== null || (!atEnd && this.#text.length < separatorLength)) return;
    const [line, separator] = /^sep=([^\r\n])(?:\r\n|\r|\n)/i.exec(this.#text) ?? [];
    if (line === undefined || separator === undefined) return;
    this.#delimiter = this.#fixedDelimiter ?? separator;
    this.#text = this.#text.slice(line.length);
    this.#line += 1;
  }

  #rows(atEnd: boolean): RawRecord[] {
    const records: RawRecord[] = [];
    this.#skipRest();
    this.#readSeparator(atEnd);
    // The text may be the beginning of a line that names the delimiter.
    const mayName = 'sep='.startsWith(this.#text.slice(0, 4).toLowerCase());
    if (this.#delimiter === null && !atEnd && mayName && this.#text.length < separatorLength) return records;
    this.#delimiter ??=
      this.#fixedDelimiter ??
      (atEnd || this.#text.length > maxRowCharacters || /[\r\n]/.test(this.#text)
        ? delimiterOf(this.#text.split(/[\r\n]/, 1)[0] ?? '')
        : null);
    if (this.#delimiter === null) return records;
    let from = 0;
    while (from < this.#text.length) {
      const delimiter = this.#names?.length === 1 ? '' : this.#delimiter;
      const forced = !atEnd && this.#text.length - from > maxRowCharacters;
      const row = readRow(this.#text, from, delimiter, atEnd || forced);
      if (!row) break;
      if (forced && row.next === this.#text.length && !/[\r\n]$/.test(this.#text)) {
        this.#skipping = true;
        Object.assign(row, { broken: true, lines: 0 });
      }
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
    else if (!this.#names) this.#names = columnNames(row.cells);
    else records.push({ line: this.#line, ...namedRow(this.#names, row.cells) });
  }
}

/** Returns the names of the columns. A column without a name gets a letter, as in a workbook. */
function columnNames(cells: readonly string[]): string[] {
  return cells.map((cell, column) => (cell.trim() === '' ? `[${columnLetters(column)}]` : cell.trim()));
}

interface CsvRow {
  cells: string[];
  /** Offset of the next row. */
  next: number;
  /** Number of line breaks in the row, including the one that ends it. */
  lines: number;
  /** Whether a quote is not closed, or text follows a closing quote. */
  broken: boolean;
}

/**
 * Reads the row at `from`. Returns null if its end may be in text that has not arrived yet. An empty delimiter means
 * that the row is one cell.
 */
function readRow(text: string, from: number, delimiter: string, atEnd: boolean): CsvRow | null {
  const row: CsvRow = { cells: [], next: from, lines: 0, broken: false };
  let at = from;
  for (;;) {
    const quote = skipBlanks(text, at, delimiter);
    if (text[quote] === undefined && !atEnd) return null;
    const cell = text[quote] === '"' ? quotedCell(text, quote, delimiter) : bareCell(text, at, delimiter);
    if (cell === null) return atEnd ? brokenRow(text, from, delimiter) : null;
    row.cells.push(cell.value);
    row.lines += cell.lines;
    at = cell.next;
    const follows = text[at];
    if (follows === undefined) return atEnd ? { ...row, next: at } : null;
    if (follows === delimiter) at += 1;
    else if (follows === '\n' || follows === '\r') {
      if (follows === '\r' && at + 1 === text.length && !atEnd) return null;
      return { ...row, lines: row.lines + 1, next: at + (text.startsWith('\r\n', at) ? 2 : 1) };
    } else return brokenRow(text, from, delimiter);
  }
}

/** Returns the offset of the first character from `from` on that is neither a space nor a tab, or is the delimiter. */
function skipBlanks(text: string, from: number, delimiter: string): number {
  let at = from;
  while ((text[at] === ' ' || text[at] === '\t') && text[at] !== delimiter) at += 1;
  return at;
}

/**
 * Ends a broken row at its line break, so that the rows after it can still be read. In a file with one column the line
 * is the cell: its quotes are part of the text.
 */
function brokenRow(text: string, from: number, delimiter: string): CsvRow {
  const lineEnd = /\r\n|\n|\r|$/g;
  lineEnd.lastIndex = from;
  const match = lineEnd.exec(text);
  const end = match?.index ?? text.length;
  return { cells: [text.slice(from, end)], next: end + (match?.[0].length ?? 0), lines: 1, broken: delimiter !== '' };
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

function quotedCell(text: string, from: number, delimiter: string): Cell | null {
  let close = text.indexOf('"', from + 1);
  while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close === -1) return null;
  const value = text.slice(from + 1, close).replaceAll('""', '"');
  return { value, next: skipBlanks(text, close + 1, delimiter), lines: (value.match(/\r\n|\n|\r/g) ?? []).length };
}
