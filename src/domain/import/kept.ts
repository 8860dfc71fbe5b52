import { keptFields, type KeptValues } from '../records';
import { keptLists } from './columnAliases';
import { isGiven } from './cells';
import type { Columns } from './rowColumns';

/** Returns the text of a cell or of a list of cells, which may be empty, or null for anything nested. */
function textOf(value: unknown): string | null {
  const items: unknown[] = (Array.isArray(value) ? value : [value]).filter((item) => isGiven(item));
  if (!items.every((item) => typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean'))
    return null;
  return items
    .map((item) => String(item).trim())
    .filter((text) => text !== '')
    .join('; ');
}

/**
 * Returns the values of a row that are kept for later stages, and adds columns with nested values to `unread`. Call it
 * after the row is made, because it uses only the columns left over.
 */
export function keptOf(columns: Columns, unread: string[]): KeptValues | null {
  const kept: KeptValues = {};
  for (const field of keptFields) {
    const picked = columns.pickUnused(keptLists[field]);
    if (!picked) continue;
    const text = textOf(picked.value);
    if (text === null) unread.push(picked.column);
    else if (text !== '') kept[field] = text;
  }
  return Object.keys(kept).length > 0 ? kept : null;
}
