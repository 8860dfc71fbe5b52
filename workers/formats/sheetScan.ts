import { attributesIn } from './xml';

/** Limits that the format itself sets. */
export const maxColumns = 16_384;

/** Parses an address such as B4. Rows and columns count from 0. */
export function addressOf(reference: string | undefined): { row: number; column: number } | null {
  const [, letters, digits] = /^\$?([A-Z]{1,3})\$?(\d{1,7})$/.exec(reference ?? '') ?? [];
  if (letters === undefined) return null;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return { row: Number(digits) - 1, column: column - 1 };
}

/** Facts about a sheet's cells that read-excel-file does not report. */
export interface SheetScan {
  /** Numbers of rows and columns up to the last cell with content. */
  rows: number;
  columns: number;
  /** Number of the last row. It may have no cells, but for example a height. */
  lastRow: number;
  /** Style of each number or date, by row × maxColumns + column. */
  styles: Map<number, number>;
  /** Digits of each integer with more than 15 of them, by the same key. As a number it would lose the last ones. */
  longIntegers: Map<number, string>;
  /** Cells with an error such as #N/A or with a formula whose result was not saved. */
  unreadable: { count: number; row: number; error: string };
}

/** Whether at least `count` rows of a sheet have a cell with content. */
export function hasFilledRows(count: number, xml: string): boolean {
  let rows = 0;
  let isFilled = false;
  for (const [, name] of xml.matchAll(/<(?:\w+:)?(row|v|is)(?=[\s/>])/g)) {
    if (name === 'row') isFilled = false;
    else if (!isFilled) {
      isFilled = true;
      if (++rows === count) return true;
    }
  }
  return false;
}

/** A cell whose content is being scanned. */
interface OpenCell {
  row: number;
  column: number;
  type: string;
  /** Whether it has a formula, and whether it has a saved value. */
  formula: boolean;
  value: boolean;
}

/** Digits of a number that is written as an integer of more than 15 digits. */
const longInteger = /^\s*(-?[1-9]\d{15,})(?:\.0*)?\s*$/;

/** Scans the cells with content, in one pass over the tags. */
export function scanSheet(xml: string): SheetScan {
  const scan: SheetScan = {
    rows: 0,
    columns: 0,
    lastRow: 0,
    styles: new Map(),
    longIntegers: new Map(),
    unreadable: { count: 0, row: 0, error: '' },
  };
  let cell: OpenCell | null = null;
  let row = 0;
  for (const match of xml.matchAll(/<(\/?)(?:\w+:)?(row|c|f|v)(?=[\s/>])([^<>]*)>/g)) {
    const [whole, closing = '', name = '', tag = ''] = match;
    if (closing === '/') {
      if (name === 'c' && cell) closeCell(cell, scan);
      if (name === 'c') cell = null;
    } else if (name === 'row') {
      row = Number(attributesIn(tag).get('r')) || 0;
      scan.lastRow = Math.max(scan.lastRow, row);
    } else if (name === 'c') cell = openCell(tag, row, scan);
    else if (cell && name === 'f') cell.formula = true;
    else if (cell) takeValue(cell, xml, match.index + whole.length, scan);
  }
  return scan;
}

/** Opens a cell of a row, whose number may differ from that in the cell's address. The reader makes space for both. */
function openCell(tag: string, row: number, scan: SheetScan): OpenCell | null {
  const attributes = attributesIn(tag);
  const address = addressOf(attributes.get('r'));
  if (tag.endsWith('/') || !address) return null;
  scan.rows = Math.max(scan.rows, row, address.row + 1);
  scan.columns = Math.max(scan.columns, address.column + 1);
  const type = attributes.get('t') ?? 'n';
  const style = attributes.get('s');
  if (style !== undefined && (type === 'n' || type === 'd'))
    scan.styles.set(address.row * maxColumns + address.column, Number(style));
  return { ...address, type, formula: false, value: false };
}

function takeValue(cell: OpenCell, xml: string, at: number, { longIntegers, unreadable }: SheetScan): void {
  const end = xml.indexOf('<', at);
  const text = xml.slice(at, end === -1 ? at : end);
  // Some programs save a formula without a result as <v></v>. The result of a formula may be the empty text.
  cell.value = cell.type === 'str' || text.trim() !== '';
  if (cell.type === 'e' && unreadable.error === '') unreadable.error = text.trim();
  const digits = longInteger.exec(text)?.[1];
  if (cell.type === 'n' && digits !== undefined) longIntegers.set(cell.row * maxColumns + cell.column, digits);
}

/** Counts the cell if it has no value that can be read. Programs often leave the calculation to the spreadsheet. */
function closeCell({ row, type, formula, value }: OpenCell, { unreadable }: SheetScan): void {
  if (type !== 'e' && !(formula && !value)) return;
  if (unreadable.count === 0) unreadable.row = row;
  unreadable.count += 1;
}
