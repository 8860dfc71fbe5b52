import type { RawRecord } from './recordReader';

/** A range of merged cells; rows and columns count from 0, and both ends belong to it. */
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

/** Returns the letters of a column, which counts from 0: A, B, …, Z, AA, … */
export function columnLetters(column: number): string {
  let letters = '';
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26))
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  return letters;
}

const filled = (row: readonly string[]): number => row.filter((cell) => cell.trim() !== '').length;

/**
 * Returns the index of the row that names the columns: the first row with text that is not a title above the table. A
 * title is a single text, merged across columns, over a table with more columns.
 */
function headerRow({ cells, merged }: Sheet): number {
  const isTitle = (row: number): boolean =>
    filled(cells[row] ?? []) === 1 &&
    merged.some(({ top, left, right }) => top === row && right > left && (cells[row]?.[left] ?? '') !== '') &&
    cells.slice(row + 1, row + 50).some((below) => filled(below) > 1);
  let row = 0;
  while (row < cells.length && (filled(cells[row] ?? []) === 0 || isTitle(row))) row += 1;
  return row;
}

/**
 * Whether a range below the header is a heading between rows: nothing else is on its first row, and it covers several
 * named columns. Copied to these, its text would be both question and answer.
 */
function isHeading({ cells }: Sheet, begin: number, { top, left, bottom, right }: MergedRange): boolean {
  const names = cells[begin]?.slice(left, right + 1) ?? [];
  const text = cells[top]?.[left] ?? '';
  return top > begin && bottom >= top && text.trim() !== '' && filled(names) > 1 && filled(cells[top] ?? []) === 1;
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
  return Array.from({ length: width }, (_, column) => {
    const name = header[column]?.trim().replace(/\s+/g, ' ') ?? '';
    const first = name === '' ? `[${columnLetters(column)}]` : name;
    let unique = first;
    for (let copy = 2; taken.has(unique); copy++) unique = `${first} (${copy})`;
    taken.add(unique);
    return unique;
  });
}

/**
 * Returns the rows of a sheet as records named by its first row, with their row numbers. Every cell of a merged range
 * has the range's text. Empty rows are skipped; titles above the table and headings in it are reported. Changes
 * `sheet.cells`.
 */
export function sheetRecords(sheet: Sheet): { columns: string[]; records: RawRecord[]; mergedCells: number } {
  const begin = headerRow(sheet);
  const titles: RawRecord[] = sheet.cells
    .slice(0, begin)
    .flatMap((row, index) => (filled(row) > 0 ? [{ line: index + 1, fault: 'title-row' as const }] : []));
  const headings = new Set(sheet.merged.filter((range) => isHeading(sheet, begin, range)));
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
