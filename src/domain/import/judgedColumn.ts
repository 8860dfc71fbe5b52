import type { DataRole } from '../records';
import { aliases, bareColumnName } from './columnAliases';
import { isObject } from '../isObject';

/** Limit on the columns of a file that are considered. Files of records with names at random would have millions. */
const mostColumns = 200;
/** Share of all judged ids that a column must hold to count as ids without being named as such. */
const leastShare = 0.5;

/** Grades and labels are small integers, like many ids, and repeat in every file. */
const isGrade = (text: string): boolean => /^[0-5]$/.test(text);

interface Column {
  name: string;
  /** Judged ids among the values. */
  judged: Set<string>;
  /** Whether all values are grades. */
  grades: boolean;
}

/**
 * Finds the column of a file whose values the judgements name: by its content first, because files name their ids in
 * many ways and some have several columns of ids. Names decide between columns, and for small integers: a `label` of 0,
 * 1 and 2 is a grade, but an `id` of 0, 1 and 2 is an id.
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

  /** Returns the column named as ids that holds most of the judged ones, or null. */
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

  /** Returns `named`, else a column of another name with many of the judged ids, or null if no column has them. */
  find(): string | null {
    const others = [...this.#columns.values()].filter(
      ({ judged, grades }) => !grades && judged.size >= Math.max(1, this.judged.size * leastShare),
    );
    return this.named() ?? best(others);
  }
}

/** Returns the name of the column with the most judged ids; of equal ones, the first. */
function best(columns: readonly Column[]): string | null {
  const most = columns.reduce((size, { judged }) => Math.max(size, judged.size), 0);
  return columns.find(({ judged }) => judged.size === most)?.name ?? null;
}
