import { listInCell } from './cells';

/** Maximum number of columns that are considered. A file whose records have random names could have millions. */
const maxColumns = 200;
/** Longer texts are no ids. */
const maxIdCharacters = 64;
/**
 * A column under any name holds ids if at least this share of its values are known ids (`columnOfIds`), or if it has at
 * least this share of the known ids (`columnWithIds`).
 */
const leastShare = 0.5;

/** Grades and labels are small integers, like many ids, and repeat in every file. */
export const isGrade = (text: string): boolean => /^[0-5]$/.test(text);

/** The different short values of each column of a file, which show a column of ids under any name. */
export class ColumnValues {
  readonly #columns = new Map<string, Set<string>>();
  /** Columns with a value that is too long or nested, as no column of ids has. */
  readonly #others = new Set<string>();

  add(cells: Iterable<readonly [string, unknown]>): void {
    for (const [name, value] of cells) {
      if (this.#others.has(name)) continue;
      const list = listInCell(value);
      const items: unknown[] = Array.isArray(list) ? list : [list];
      for (const item of items) this.#take(name, item);
    }
  }

  #take(name: string, item: unknown): void {
    if (item === null || item === undefined || item === '') return;
    const text = typeof item === 'string' || typeof item === 'number' ? String(item).trim() : null;
    if (text === null || text.length > maxIdCharacters) {
      this.#others.add(name);
      this.#columns.delete(name);
      return;
    }
    const known = this.#columns.get(name);
    if (known) known.add(text);
    else if (this.#columns.size < maxColumns) this.#columns.set(name, new Set([text]));
  }

  /** Returns the values of one column. */
  of(name: string): ReadonlySet<string> {
    return this.#columns.get(name) ?? new Set();
  }

  /** Returns the columns with a different value in each of `rows` rows, as ids have. */
  distinct(rows: number): ReadonlySet<string>[] {
    return [...this.#columns.values()].filter(({ size }) => size === rows);
  }

  /** Returns the column with the most ids among those where at least half of the values are ids, or null. */
  columnOfIds(ids: { has(id: string): boolean }, except: readonly string[] = []): string | null {
    return this.#best(ids, except, (common, values) => common >= values * leastShare);
  }

  /** Returns the column with the most ids if it has at least half of them, or null. */
  columnWithIds(ids: ReadonlySet<string>, except: readonly string[] = []): string | null {
    return this.#best(ids, except, (common) => common >= ids.size * leastShare);
  }

  #best(
    ids: { has(id: string): boolean },
    except: readonly string[],
    isEnough: (common: number, values: number) => boolean,
  ): string | null {
    let best: { name: string; common: number } | null = null;
    for (const [name, values] of this.#columns) {
      if (except.includes(name) || [...values].every(isGrade)) continue;
      let common = 0;
      for (const value of values) if (ids.has(value)) common += 1;
      if (common > (best?.common ?? 0) && isEnough(common, values.size)) best = { name, common };
    }
    return best?.name ?? null;
  }
}
