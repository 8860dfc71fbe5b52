import { keptFields, type KeptValues } from '../records';
import { keptLists } from './columnAliases';
import { isGiven } from './cells';
import type { Columns } from './rowColumns';

/** Returns the text of a cell or of a list of cells, or null for anything nested. */
function textOf(value: unknown): string | null {
  const items: unknown[] = (Array.isArray(value) ? value : [value]).filter((item) => isGiven(item));
  if (!items.every((item) => typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean'))
    return null;
  return (
    items
      .map((item) => String(item).trim())
      .filter((text) => text !== '')
      .join('; ') || null
  );
}

/**
 * Returns the values of a row to keep for later stages. Call it after the row is made: it takes only unused columns.
 */
export function keptOf(columns: Columns): KeptValues | null {
  const kept: KeptValues = {};
  for (const field of keptFields) {
    const picked = columns.pickUnused(keptLists[field]);
    const text = picked && textOf(picked.value);
    if (!picked || text === null) continue;
    // Marks the column as used.
    columns.get(picked.name);
    kept[field] = text;
  }
  return Object.keys(kept).length > 0 ? kept : null;
}
