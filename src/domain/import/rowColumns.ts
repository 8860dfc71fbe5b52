import type { DataRole } from '../records';
import { asText, isGiven, isNumber, isScalar, listInCell, RowFault } from './cells';
import { aliases, bareColumnName, negativeColumn, negativeIdColumn, type AliasList } from './columnAliases';
import { positionFields } from './fields';

/**
 * The cells of a row by column name, ignoring case, spaces, underscores and hyphens. Remembers which cells were used.
 */
export class Columns {
  readonly #cells = new Map<string, { name: string; value: unknown }>();
  readonly #used = new Set<string>();

  constructor(cells: Iterable<readonly [string, unknown]>) {
    for (const [name, value] of cells) {
      const key = bareColumnName(name);
      // Of two names that differ only in case or spaces, the second is reported as unused.
      this.#cells.set(this.#cells.has(key) ? name : key, { name, value });
    }
  }

  get(key: string): unknown {
    this.#used.add(key);
    return this.#cells.get(key)?.value;
  }

  /** Returns the first column of the list that is not empty in this row, or null. */
  pick(list: AliasList): { name: string; value: unknown } | null {
    for (const name of aliases[list]) {
      if (isGiven(this.#cells.get(name)?.value)) return { name, value: this.get(name) };
    }
    return null;
  }

  /** Returns the first column of the list with a value in this row that has not been used yet, or null. */
  pickUnused(list: AliasList): { name: string; value: unknown } | null {
    const free = aliases[list].find((name) => !this.#used.has(name) && isGiven(this.#cells.get(name)?.value));
    return free === undefined ? null : { name: free, value: this.#cells.get(free)?.value };
  }

  /** Returns the value that `pick` would return, without marking the column as used. */
  peek(list: AliasList): unknown {
    return aliases[list].map((name) => this.#cells.get(name)?.value).find((value) => isGiven(value));
  }

  /** Whether a column of the list has a value in this row. */
  has(list: AliasList): boolean {
    return this.peek(list) !== undefined;
  }

  /** Whether the file has a column of the list. */
  knows(list: AliasList): boolean {
    return aliases[list].some((name) => this.#cells.has(name));
  }

  /**
   * @throws RowFault field-missing if the row has no such column, text-empty if the column has no value in this row.
   */
  required(list: AliasList, field: string): { name: string; value: unknown } {
    const picked = this.pick(list);
    if (picked) return picked;
    throw new RowFault({ fault: this.knows(list) ? 'text-empty' : 'field-missing', field });
  }

  /** Returns the texts of all columns of negatives. */
  negatives(): string[] {
    return this.#textsOf(negativeColumn);
  }

  /** Returns the ids in all columns that name negatives by id. */
  negativeIds(): string[] {
    return this.#textsOf(negativeIdColumn);
  }

  #textsOf(pattern: RegExp): string[] {
    const keys = [...this.#cells.keys()].filter((key) => pattern.test(key));
    return keys.flatMap((key) => {
      const list = listInCell(this.get(key));
      const items: unknown[] = Array.isArray(list) ? list : [list];
      return items.filter((item) => isGiven(item)).map((item) => asText(item, key));
    });
  }

  /** Returns the columns with a value, as the file spells their names, and whether the row was made from them. */
  names(): { name: string; used: boolean }[] {
    const hasValue = (value: unknown): boolean =>
      isGiven(value) && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0);
    return [...this.#cells].flatMap(([key, { name, value }]) =>
      name !== '' && hasValue(value) ? [{ name, used: this.#used.has(key) }] : [],
    );
  }
}

function columnsByPosition(role: DataRole, cells: readonly unknown[]): Columns {
  if (!cells.every((cell) => isScalar(cell) || Array.isArray(cell))) throw new RowFault({ fault: 'not-an-object' });
  // In a knowledge base a tab is part of the passage; in other roles it separates cells.
  if (role === 'knowledgeBase') return new Columns([['text', cells.join('\t')]]);
  const names = positionFields[role];
  const named = names.map((name, index) => [name, cells[index]] as const);
  const rest = cells.slice(names.length).filter((cell) => isGiven(cell));
  if (rest.length === 0) return new Columns(named);
  if (role !== 'pairs')
    throw new RowFault({ fault: 'more-cells', field: String(cells.length), expected: String(names.length) });
  // A third cell is a label if it is a number. Otherwise cells after the positive are negatives.
  return new Columns([
    ...named,
    rest.length === 1 && isNumber(rest[0]) ? ['score', rest[0]] : ['negative', rest.flat()],
  ]);
}

/** @throws RowFault not-an-object if the value is not a row of this role. */
export function columnsOf(role: DataRole, value: unknown): Columns {
  if (typeof value === 'string') return columnsByPosition(role, [value]);
  if (Array.isArray(value)) return columnsByPosition(role, value);
  if (typeof value !== 'object' || value === null) throw new RowFault({ fault: 'not-an-object' });
  return new Columns(Object.entries(value));
}
