import { listInCell } from './cells';
import { aliases, bareColumnName } from './columnAliases';

/** Maximum number of columns that are considered. A file whose records have random names could have millions. */
const maxColumns = 200;
/** Longer texts are not ids. */
const maxIdCharacters = 64;
/**
 * A column under any name holds ids if at least this share of its values are known ids other than plain numbers
 * (`columnOfIds`), or if it contains at least this share of the known ids (`columnWithIds`).
 */
const leastShare = 0.5;

/** Words in the names of columns that hold ids of passages. */
const referenceWord = /(?<![a-z])ids?(?![a-z])|ids?\d*$|pid|ref|doc|passage|号|段落|答案/;
const referenceNames: ReadonlySet<string> = new Set([
  ...aliases.positiveId,
  ...aliases.otherPositiveId,
  ...aliases.relevant,
]);

/** Whether the name of a column suggests that it names passages. */
const suggestsReferences = (name: string): boolean =>
  referenceNames.has(bareColumnName(name)) || referenceWord.test(name.toLowerCase());

/** Whether a text is a plain number. Ages, counts and weights are, but so are many ids. */
const isPlainNumber = (text: string): boolean => /^[+-]?\d+(?:\.\d+)?$/.test(text);

/** Whether a text is an integer from 0 to 5. Grades and labels are, and repeat in every file; but so are many ids. */
export const isGrade = (text: string): boolean => /^[0-5]$/.test(text);

/** The distinct short values of each column of a file, by which a column of ids is found whatever its name. */
export class ColumnValues {
  readonly #columns = new Map<string, Set<string>>();
  /** Columns that hold no ids, because some value is too long or nested. */
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

  /**
   * Returns the column with the most ids among those where at least half of the values are ids, or null. If its ids are
   * plain numbers, they could be ids by accident: all of its values must be ids, and its name must suggest ids.
   */
  columnOfIds(ids: { has(id: string): boolean }, except: readonly string[] = []): string | null {
    return this.#best(ids, except, (common, values, name) =>
      common.every(isPlainNumber)
        ? common.length === values && suggestsReferences(name)
        : common.length >= values * leastShare,
    );
  }

  /** Returns the column that contains the most of these ids if it has at least half of them, or null. */
  columnWithIds(ids: ReadonlySet<string>, except: readonly string[] = []): string | null {
    return this.#best(ids, except, (common) => common.length >= ids.size * leastShare);
  }

  #best(
    ids: { has(id: string): boolean },
    except: readonly string[],
    isEnough: (common: readonly string[], values: number, name: string) => boolean,
  ): string | null {
    let best: { name: string; count: number } | null = null;
    for (const [name, values] of this.#columns) {
      if (except.includes(name) || [...values].every(isGrade)) continue;
      const common = [...values].filter((value) => ids.has(value));
      if (common.length > (best?.count ?? 0) && isEnough(common, values.size, name))
        best = { name, count: common.length };
    }
    return best?.name ?? null;
  }
}
