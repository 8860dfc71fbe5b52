import type { DataRole } from '../records';
import { aliases, bareColumnName } from './columnAliases';
import { isGrade } from './columnValues';
import { isObject } from '../isObject';

/** Maximum number of columns considered per file. A file whose records have random names could have millions. */
const mostColumns = 200;
/** A column whose name does not suggest ids counts as ids if it holds at least this share of all judged ids. */
const leastShare = 0.5;

interface Column {
  name: string;
  /** Judged ids among the values. */
  judged: Set<string>;
  /** Whether all values are grades. */
  grades: boolean;
}

/**
 * Finds the column of a file whose values the judgements refer to. Content decides first, because files name their ids
 * in many ways and some have several columns of ids. Names decide between columns, and for small integers: a `label` of
 * 0, 1 and 2 is a grade, but an `id` of 0, 1 and 2 is an id.
 */
export class JudgedColumn {
  readonly #columns = new Map<string, Column>();
  readonly #named: readonly string[];

  constructor(
    role: DataRole,
    private readonly judged: { has(id: string): boolean; readonly size: number },
  ) {
    this.#named = aliases[role === 'knowledgeBase' ? 'passageId' : 'questionId'];
  }

  add(record: unknown): void {
    if (!isObject(record)) return;
    for (const [name, value] of Object.entries(record)) {
      if (typeof value !== 'string' && typeof value !== 'number') continue;
      const text = String(value).trim();
      if (text !== '') this.#take(name, text);
    }
  }

  #take(name: string, text: string): void {
    let column = this.#columns.get(name);
    if (!column) {
      if (this.#columns.size === mostColumns) return;
      column = { name, judged: new Set(), grades: true };
      this.#columns.set(name, column);
    }
    column.grades &&= isGrade(text);
    if (this.judged.has(text)) column.judged.add(text);
  }

  /** Of the columns whose names suggest ids, returns the one with the most judged ids, or null if none has any. */
  named(): string | null {
    const found = this.#named.flatMap((alias) =>
      [...this.#columns.values()].filter(({ name }) => bareColumnName(name) === alias),
    );
    return best(found.filter(({ judged }) => judged.size > 0));
  }

  /** Returns how many of the judged ids the column holds. */
  countIn(column: string | null): number {
    return column === null ? 0 : (this.#columns.get(column)?.judged.size ?? 0);
  }

  /**
   * Returns the column that `named` finds, else a column of another name with many judged ids, or null if there is
   * none.
   */
  find(): string | null {
    const others = [...this.#columns.values()].filter(
      ({ judged, grades }) => !grades && judged.size >= Math.max(1, this.judged.size * leastShare),
    );
    return this.named() ?? best(others);
  }
}

/** Returns the name of the column with the most judged ids; ties go to the first. */
function best(columns: readonly Column[]): string | null {
  const most = columns.reduce((size, { judged }) => Math.max(size, judged.size), 0);
  return columns.find(({ judged }) => judged.size === most)?.name ?? null;
}
