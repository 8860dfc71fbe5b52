import { bareColumnName, knownNames } from './columnAliases';
import { namedRow } from './namedRow';
import type { RawRecord } from './recordReader';

/**
 * Returns the names of the columns if the list holds them, or null: all of its items are different texts, and at least
 * two are names that the import knows, or the only one is.
 */
function namesIn(cells: readonly unknown[]): string[] | null {
  const texts = cells.filter((cell) => typeof cell === 'string').map((cell) => cell.trim());
  const names = new Set(texts.map(bareColumnName));
  const known = [...names].filter((name) => knownNames.has(name));
  const isComplete = texts.length === cells.length && names.size === cells.length && !texts.includes('');
  return isComplete && cells.length > 0 && known.length >= Math.min(2, cells.length) ? texts : null;
}

/** Turns lists into objects if the first one names the columns, as programs write tables in JSON. */
export class HeadedLists {
  #names: string[] | null = null;
  #begun = false;

  take(records: readonly RawRecord[]): RawRecord[] {
    return records.flatMap((record): RawRecord[] => {
      if (!('value' in record)) return [record];
      const begins = !this.#begun;
      this.#begun = true;
      if (!Array.isArray(record.value)) return [record];
      const cells: unknown[] = record.value;
      if (begins) this.#names = namesIn(cells);
      if (this.#names === null) return [record];
      return begins ? [] : [{ line: record.line, ...namedRow(this.#names, cells) }];
    });
  }
}
