import type { RecordFault } from './recordReader';

/** The record of a row of cells, or the reason why it is none. */
export type NamedRow = { value: Record<string, unknown> } | RecordFault;

const isEmpty = (cell: unknown): boolean =>
  cell === undefined || cell === null || (typeof cell === 'string' && cell.trim() === '');

/** Combines the non-empty cells of columns that share a name. A single cell stays a text instead of becoming a list. */
function joined(cells: readonly unknown[]): unknown {
  if (cells.length === 1) return cells[0];
  const given = cells.filter((cell) => !isEmpty(cell));
  return given.length > 1 ? given : (given[0] ?? '');
}

/** Whether a row repeats the names of its columns, as in files joined from several. */
export const isHeaderAgain = (names: readonly string[], cells: readonly unknown[]): boolean =>
  cells.length === names.length &&
  cells.every((cell, column) => typeof cell === 'string' && cell.trim() === names[column]);

/**
 * Returns the record of a row under the names of its columns. A row with more cells than there are names is a fault,
 * because any of them could be the surplus one.
 */
export function namedRow(names: readonly string[], cells: readonly unknown[]): NamedRow {
  if (isHeaderAgain(names, cells)) return { fault: 'header-repeated' };
  // Spreadsheets pad rows with empty cells, so surplus cells that are empty lose nothing.
  if (!cells.slice(names.length).every(isEmpty))
    return { fault: 'more-cells', field: String(cells.length), expected: String(names.length) };
  // Several columns may share a name. Keep all their values, so that none hides another.
  const record = new Map<string, unknown[]>();
  for (const [index, name] of names.entries()) {
    const cell = cells[index] ?? '';
    const before = record.get(name);
    if (before) before.push(cell);
    else record.set(name, [cell]);
  }
  return { value: Object.fromEntries(Array.from(record, ([name, values]) => [name, joined(values)])) };
}
