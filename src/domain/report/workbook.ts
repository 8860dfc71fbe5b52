import { cutAt } from '../wellFormed';

/**
 * Characters that the library for Excel files drops silently: control characters, lone surrogates, noncharacters and
 * U+FFFD.
 */
const unstorable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffd\p{Noncharacter_Code_Point}\p{Cs}]/gu;
const replacement = '□';

/** Excel's limit on the characters of a cell. */
export const mostCellCharacters = 32_767;

/** How a number is displayed. The cell keeps all its digits. */
export type NumberFormat = '0' | '0.0000' | '0.0%';

/** A cell is text, a number or empty; never a formula. */
export type WorkbookCell =
  | string
  | null
  | { value: number; format: NumberFormat }
  | { value: string; bold: true }
  | { value: string; wrap: true };

export interface WorkbookSheet {
  name: string;
  /** Width of each column in characters. */
  widths: number[];
  rows: WorkbookCell[][];
}

/** Changes made to the texts of a workbook so that a spreadsheet can hold them. */
export interface CellChanges {
  /** Texts that were cut at Excel's limit. */
  cut: number;
  /** Texts with characters that a spreadsheet can't hold, which were replaced by □. */
  replaced: number;
}

/**
 * Returns a text in the form that a cell can hold, ending in `mark` if it had to be cut. Counts the changed texts. The
 * library that writes the file escapes an underscore that would begin one of Excel's escapes, such as `_x000D_`.
 */
export function cellText(text: string, mark: string, changes: CellChanges): string {
  const allowed = text.replace(unstorable, replacement);
  if (allowed !== text) changes.replaced += 1;
  const lines = allowed.replace(/\r\n?/g, '\n');
  if (lines.length <= mostCellCharacters) return lines;
  changes.cut += 1;
  return `${cutAt(lines, mostCellCharacters - mark.length)}${mark}`;
}

/** Words that come before the number of changed texts. */
export interface ChangeWords {
  cutNote: string;
  replacedNote: string;
}

/** Returns a line for each kind of change that the texts of a workbook needed. Ask once all texts have been written. */
export function changeNotes({ cut, replaced }: CellChanges, { cutNote, replacedNote }: ChangeWords): string[] {
  return [...(cut > 0 ? [`${cutNote}${cut}`] : []), ...(replaced > 0 ? [`${replacedNote}${replaced}`] : [])];
}

/** Returns a name that Excel accepts for a sheet: at most 31 characters, no `\ / ? * : [ ]`, no quotes at its ends. */
export function sheetName(name: string): string {
  const allowed = name
    .replace(unstorable, replacement)
    .replace(/[\\/?*:[\]\n\r\t]/g, ' ')
    .replace(/^'+|'+$/g, '')
    .trim();
  return cutAt(allowed, 31) || 'Sheet';
}
