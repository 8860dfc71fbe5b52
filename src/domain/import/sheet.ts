import { bareColumnName, knownNames } from './columnAliases';
import type { RawRecord } from './recordReader';

/** A range of merged cells. Rows and columns count from 0, and both ends are included. */
export interface MergedRange {
  top: number;
  left: number;
  bottom: number;
  right: number;
}

/** One sheet of a workbook. `cells[row][column]` is the text that the spreadsheet shows, empty for an empty cell. */
export interface Sheet {
  cells: string[][];
  merged: MergedRange[];
}

/** Returns the letters of a column, counted from 0: A, B, …, Z, AA, … */
export function columnLetters(column: number): string {
  let letters = '';
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26))
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  return letters;
}

const filled = (row: readonly string[]): number => row.filter((cell) => cell.trim() !== '').length;

/** Number of rows that may lie between the first row and the one with the column names. */
const mostTitles = 10;

const knownNamesIn = (row: readonly string[]): number =>
  new Set(row.map(bareColumnName).filter((name) => knownNames.has(name))).size;

/**
 * Returns the index of the row with the column names: the first row with text that is not a title above the table. A
 * title is a single text, merged across columns, over a table with more columns. A title may also be unmerged: if no
 * cell of that row is a known name, but one of the next rows has at least two known names, that row has the column
 * names.
 */
function headerRow({ cells, merged }: Sheet): number {
  const isTitle = (row: number): boolean =>
    filled(cells[row] ?? []) === 1 &&
    merged.some(({ top, left, right }) => top === row && right > left && (cells[row]?.[left] ?? '') !== '') &&
    cells.slice(row + 1, row + 50).some((below) => filled(below) > 1);
  let row = 0;
  while (row < cells.length && (filled(cells[row] ?? []) === 0 || isTitle(row))) row += 1;
  const below = cells.slice(row + 1, row + 1 + mostTitles).findIndex((line) => knownNamesIn(line) > 1);
  return knownNamesIn(cells[row] ?? []) === 0 && below !== -1 ? row + 1 + below : row;
}

/**
 * Returns the merged ranges, at most as many as fit side by side. Ranges that a spreadsheet wrote do not overlap;
 * filling millions of forged ranges, each as large as the sheet, would take hours.
 */
function separateRanges({ cells, merged }: Sheet): MergedRange[] {
  const width = cells.reduce((most, row) => Math.max(most, row.length), 0);
  let room = cells.length * width;
  return merged.filter(({ top, left, bottom, right }) => {
    const rows = Math.min(bottom, cells.length - 1) - top + 1;
    const columns = Math.min(right, width - 1) - left + 1;
    if (rows <= 0 || columns <= 0) return false;
    room -= rows * columns;
    return room >= 0;
  });
}

/**
 * Whether a range below the header is a heading between rows: it covers several named columns, and nothing else is on
 * its first row. If its text were copied to these columns, it would become both question and answer. `filledIn` counts
 * a row's cells with text.
 */
function isHeading(
  cells: Sheet['cells'],
  begin: number,
  { top, left, bottom, right }: MergedRange,
  filledIn: (row: number) => number,
): boolean {
  const names = cells[begin]?.slice(left, right + 1) ?? [];
  const text = cells[top]?.[left] ?? '';
  return top > begin && bottom >= top && text.trim() !== '' && filled(names) > 1 && filledIn(top) === 1;
}

/** Copies the text of every merged range below `from` to all its cells. Returns the number of cells filled. */
function fillMerged({ cells, merged }: Sheet, from: number): number {
  let count = 0;
  for (const { top, left, bottom, right } of merged) {
    const text = cells[top]?.[left] ?? '';
    if (text === '') continue;
    for (let row = Math.max(top, from); row <= Math.min(bottom, cells.length - 1); row++) {
      const line = cells[row];
      if (!line) continue;
      for (let column = left; column <= Math.min(right, line.length - 1); column++) {
        if (line[column] !== '') continue;
        line[column] = text;
        count += 1;
      }
    }
  }
  return count;
}

/** Returns unique column names. A column with text but no name is named by its letters, such as [C]. */
function columnNames(header: readonly string[], width: number): string[] {
  const taken = new Set<string>();
  /** For each repeated name, the lowest number that may still be free. */
  const free = new Map<string, number>();
  return Array.from({ length: width }, (_, column) => {
    const name = header[column]?.trim().replace(/\s+/g, ' ') ?? '';
    const first = name === '' ? `[${columnLetters(column)}]` : name;
    let unique = first;
    let copy = free.get(first) ?? 2;
    for (; taken.has(unique); copy++) unique = `${first} (${copy})`;
    free.set(first, copy);
    taken.add(unique);
    return unique;
  });
}

/**
 * Returns the rows of a sheet as records named by its first row, with their row numbers. Every cell of a merged range
 * has the range's text. Empty rows are skipped; titles above the table and headings in it are reported. Changes
 * `sheet.cells`.
 */
export function sheetRecords({ cells, merged: ranges }: Sheet): {
  columns: string[];
  records: RawRecord[];
  mergedCells: number;
} {
  const sheet = { cells, merged: separateRanges({ cells, merged: ranges }) };
  const begin = headerRow(sheet);
  const titles: RawRecord[] = sheet.cells
    .slice(0, begin)
    .flatMap((row, index) => (filled(row) > 0 ? [{ line: index + 1, fault: 'title-row' as const }] : []));
  const counts = new Map<number, number>();
  // A wide row may have thousands of merged ranges.
  const filledIn = (row: number): number => {
    const count = counts.get(row) ?? filled(cells[row] ?? []);
    counts.set(row, count);
    return count;
  };
  const headings = new Set(sheet.merged.filter((range) => isHeading(cells, begin, range, filledIn)));
  const headingRows = new Set(Array.from(headings, ({ top }) => top));
  const merged = sheet.merged.filter((range) => !headings.has(range));
  const mergedCells = fillMerged({ ...sheet, merged }, begin + 1);
  const body = sheet.cells.slice(begin + 1);
  const used = new Set<number>();
  for (const row of body) for (const [column, cell] of row.entries()) if (cell.trim() !== '') used.add(column);
  const header = sheet.cells[begin] ?? [];
  const width = sheet.cells.reduce((most, row) => Math.max(most, row.length), 0);
  const names = columnNames(header, width);
  const kept = names.flatMap((name, column) =>
    used.has(column) || (header[column] ?? '').trim() !== '' ? [{ name, column }] : [],
  );
  const records = body.flatMap((row, index): RawRecord[] => {
    if (filled(row) === 0) return [];
    if (headingRows.has(begin + index + 1)) return [{ line: begin + index + 2, fault: 'title-row' }];
    if (kept.every(({ name, column }) => (row[column] ?? '').trim() === name))
      return [{ line: begin + index + 2, fault: 'header-repeated' }];
    const value = Object.fromEntries(kept.map(({ name, column }) => [name, row[column] ?? '']));
    return [{ line: begin + index + 2, value }];
  });
  return { columns: kept.map(({ name }) => name), records: [...titles, ...records], mergedCells };
}
