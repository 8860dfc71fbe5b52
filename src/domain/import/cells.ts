import type { DataRole } from '../records';
import { cleaned } from './cleaning';
import { literalValue } from './literal';
import type { RecordFault } from './recordReader';

/** Thrown if no row can be made from a record; RowCollector catches it. */
export class RowFault extends Error {
  constructor(readonly found: RecordFault) {
    super(found.fault);
  }
}

/** Words that programs write for a missing value. pandas writes nan and NaN, Python None, databases null. */
const emptyWords = new Set(['nan', 'NaN', 'None', 'null', 'NULL']);

export function isGiven(value: unknown): boolean {
  if (typeof value === 'string') return value !== '' && !emptyWords.has(value.trim());
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

export const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null;
/**
 * Whether a text is a long id as spreadsheets and pandas round it, such as 1.23457E+17. Other ids that look like
 * numbers with an exponent, such as the hexadecimal 1e23, have no plus sign.
 */
export const isRounded = (text: string): boolean => /^\s*[+-]?\d(?:\.\d+)?[eE]\+\d{2,}\s*$/.test(text);

/** Whether the third cell of a pair without column names is a label: a number, true or false. */
export const isLabel = (value: unknown): boolean =>
  typeof value === 'number' ||
  typeof value === 'boolean' ||
  (typeof value === 'string' && /^\s*(?:-?\d+(?:\.\d+)?|true|false)\s*$/i.test(value));

/**
 * A character that displays something: no space, zero-width character, soft hyphen or Hangul filler. `trim` keeps some
 * of these.
 */
const visible = /[^\s\u00ad\u200b-\u200f\u2060\u3164\ufeff]/;

const isBlank = (text: string): boolean => !visible.test(text);

export function asText(value: unknown, field: string, mayBeEmpty = false): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined || value === null) throw new RowFault({ fault: 'text-empty', field });
  if (typeof value !== 'string') throw new RowFault({ fault: 'not-a-text', field });
  if ((isBlank(value) || !isGiven(value)) && !mayBeEmpty) throw new RowFault({ fault: 'text-empty', field });
  return value;
}

/** Returns the texts of a cell or list. Empty items are skipped if another one has a text. */
export function textsOf(value: unknown, field: string): string[] {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  const given = items.filter((item) => isGiven(item) && !(typeof item === 'string' && isBlank(item)));
  return (given.length > 0 ? given : items).map((item) => asText(item, field));
}

/**
 * Parses a cell that holds a JSON or Python list as text, such as `["a1", "a2"]`. Its numbers are texts as written,
 * because `[007]` names the passage 007. Returns any other cell unchanged, also if `isItem` refuses an item.
 */
export function listInCell(value: unknown, isItem: (item: unknown) => boolean = isScalar): unknown {
  if (typeof value !== 'string' || !/^\s*\[[^]*\]\s*$/.test(value)) return value;
  const parsed = literalValue(value, true);
  if (!('value' in parsed) || !Array.isArray(parsed.value) || !parsed.value.every(isItem)) return value;
  // Escapes in the cell can decode to characters that were not there when the row was cleaned.
  const list = cleaned(parsed.value);
  return 'value' in list ? list.value : value;
}

/**
 * Returns the cells of a record by column name, or null if it has no columns. Cells without names are numbered from 1.
 * In a knowledge base a line of text is one cell.
 */
export function namedCells(role: DataRole, value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value === 'string') return new Map([['1', value]]);
  if (Array.isArray(value)) {
    const cells: unknown[] = role === 'knowledgeBase' ? [value.join('\t')] : value;
    return new Map(cells.map((cell, index) => [String(index + 1), cell]));
  }
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : null;
}
