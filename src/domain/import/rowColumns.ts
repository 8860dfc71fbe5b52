import type { DataRole } from '../records';
import { asText, isGiven, isLabel, isScalar, listInCell, RowFault } from './cells';
import { aliases, bareColumnName, negativeColumn, negativeIdColumn, type AliasList } from './columnAliases';
import { positionFields } from './fields';
import type { ColumnUse } from './fileNotes';
import { mappedRecord, type ColumnMapping, type MappedRecord } from './mapping';

/** A cell that was looked up: the bare name under which it was found, and its column's name in the file. */
export interface Cell {
  name: string;
  column: string;
  value: unknown;
}

/**
 * The cells of a row by column name, without case, spaces, underscores, hyphens and marks such as “(required)”.
 * Remembers which were used. A third item of a cell is its column's name in the file, if a mapping gave it another one;
 * `mapped` is then the record.
 */
export class Columns {
  readonly #cells = new Map<string, { bare: string; name: string; value: unknown }>();
  readonly #used = new Set<string>();

  constructor(
    cells: Iterable<readonly [name: string, value: unknown, column?: string]>,
    private readonly mapped: MappedRecord | null = null,
  ) {
    for (const [name, value, column = name] of cells) {
      const bare = bareColumnName(name);
      // If two names differ only in case, spaces or marks such as “(required)”, the second is reported as unused,
      // unless it is a negative. It gets a key that no lookup uses, because its own name may be the bare name of the
      // first.
      const key = this.#cells.has(bare) ? `${bare}\u0000${this.#cells.size}` : bare;
      this.#cells.set(key, { bare, name: column, value });
    }
  }

  get(key: string): unknown {
    this.#used.add(key);
    return this.#cells.get(key)?.value;
  }

  #first(list: AliasList, isWanted: (name: string) => boolean = () => true): Cell | null {
    const name = aliases[list].find((known) => isWanted(known) && isGiven(this.#cells.get(known)?.value));
    const cell = name === undefined ? undefined : this.#cells.get(name);
    return name === undefined || !cell ? null : { name, column: cell.name, value: cell.value };
  }

  /** Returns the first column of the list that is not empty in this row, or null. */
  pick(list: AliasList): Cell | null {
    const found = this.#first(list);
    if (found) this.#used.add(found.name);
    return found;
  }

  /** Returns the first column of the list with a value in this row that has not been used yet, or null. */
  pickUnused(list: AliasList): Cell | null {
    const found = this.#first(list, (name) => !this.#used.has(name));
    if (found) this.#used.add(found.name);
    return found;
  }

  /** Returns the file's name of the first column of the list, whether or not it has a value, or null. */
  columnOf(list: AliasList): string | null {
    return aliases[list].map((name) => this.#cells.get(name)?.name).find((name) => name !== undefined) ?? null;
  }

  /** Returns what `pick` would return, without marking the column as used. */
  look(list: AliasList): Cell | null {
    return this.#first(list);
  }

  /** Returns the value that `pick` would return, without marking the column as used. */
  peek(list: AliasList): unknown {
    return this.#first(list)?.value;
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
  required(list: AliasList, field: string): Cell {
    const picked = this.pick(list);
    if (picked) return picked;
    const column = this.columnOf(list);
    throw new RowFault({ fault: column === null ? 'field-missing' : 'text-empty', field: column ?? field });
  }

  /** Returns the texts of each column of negatives. */
  negatives(): { texts: string[]; column: string }[] {
    return this.#textsOf(negativeColumn);
  }

  /** Returns the ids in each column that names negatives by id. */
  negativeIds(): { texts: string[]; column: string }[] {
    return this.#textsOf(negativeIdColumn);
  }

  #textsOf(pattern: RegExp): { texts: string[]; column: string }[] {
    const found = [...this.#cells].filter(([, { bare }]) => pattern.test(bare));
    return found.map(([key, { name: column }]) => {
      const list = listInCell(this.get(key));
      const items: unknown[] = Array.isArray(list) ? list : [list];
      return { texts: items.filter((item) => isGiven(item)).map((item) => asText(item, column)), column };
    });
  }

  /** Returns the columns with a value, as the file spells their names, and whether the row was made from them. */
  names(): ColumnUse[] {
    const hasValue = (value: unknown): boolean =>
      isGiven(value) && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0);
    const uses = this.mapped
      ? this.#mappedUses(this.mapped)
      : [...this.#cells].map(([key, { name, value }]) => ({ name, used: this.#used.has(key), value }));
    return uses.filter(({ name, value }) => name !== '' && hasValue(value));
  }

  #mappedUses({ cells, fields }: MappedRecord): ColumnUse[] {
    const used = new Set(fields.flatMap(({ name, column }) => (this.#used.has(bareColumnName(name)) ? [column] : [])));
    return Array.from(cells, ([name, value]) => ({ name, used: used.has(name), value }));
  }
}

function columnsByPosition(role: DataRole, cells: readonly unknown[]): Columns {
  if (!cells.every((cell) => isScalar(cell) || Array.isArray(cell))) throw new RowFault({ fault: 'not-an-object' });
  // In a knowledge base a tab is part of the passage; in other roles it separates cells.
  if (role === 'knowledgeBase') return new Columns([['text', cells.join('\t')]]);
  const names = positionFields[role];
  if (cells.length < names.length)
    throw new RowFault({ fault: 'fewer-cells', field: String(cells.length), expected: String(names.length) });
  const named = names.map((name, index) => [name, cells[index]] as const);
  const rest = cells.slice(names.length).filter((cell) => isGiven(cell));
  if (rest.length === 0) return new Columns(named);
  if (role !== 'pairs')
    throw new RowFault({ fault: 'more-cells', field: String(cells.length), expected: String(names.length) });
  // A third cell is a label if it is a number, true or false. Otherwise it is a negative, like all later ones.
  return new Columns([
    ...named,
    rest.length === 1 && isLabel(rest[0]) ? ['score', rest[0]] : ['negative', rest.flat()],
  ]);
}

/**
 * Returns the columns of a record, under the names of fields if a mapping is given.
 * @throws RowFault not-an-object if the value is not a row of this role.
 */
export function columnsOf(role: DataRole, value: unknown, mapping: ColumnMapping | null = null): Columns {
  const mapped = mapping && mappedRecord(role, value, mapping);
  if (mapped)
    return new Columns(
      mapped.fields.map(({ name, value: cell, label }) => [name, cell, label] as const),
      mapped,
    );
  if (typeof value === 'string') return columnsByPosition(role, [value]);
  if (Array.isArray(value)) return columnsByPosition(role, value);
  if (typeof value !== 'object' || value === null) throw new RowFault({ fault: 'not-an-object' });
  return new Columns(Object.entries(value));
}
