import type { Pair } from '../records';
import { numbered } from './numbered';

/** Finds the passages of a batch that are known answers to its questions, according to all training pairs. */
export class KnownAnswers {
  readonly #passageOf: Uint32Array;
  /** Passages of each distinct question, and the question of each row. */
  readonly #answers: Set<number>[] = [];
  readonly #questionOf: Uint32Array;

  constructor(pairs: readonly Pick<Pair, 'anchor' | 'positive'>[]) {
    this.#passageOf = numbered(pairs.map(({ positive }) => positive));
    this.#questionOf = numbered(pairs.map(({ anchor }) => anchor));
    this.#questionOf.forEach((question, row) => {
      const passages = (this.#answers[question] ??= new Set());
      passages.add(this.#passageOf[row] ?? 0);
    });
  }

  /**
   * Returns for each pair of a batch the positions of other pairs whose passages also answer its question. Null if
   * there are none. Takes time proportional to the batch's size plus the number of known answers to its questions.
   */
  inBatch(rows: readonly number[]): number[][] | null {
    const positions = new Map<number, number[]>();
    rows.forEach((row, position) => {
      const passage = this.#passageOf[row] ?? 0;
      const known = positions.get(passage);
      if (known) known.push(position);
      else positions.set(passage, [position]);
    });
    let some = false;
    const found = rows.map((row, own) => {
      const others: number[] = [];
      for (const passage of this.#answers[this.#questionOf[row] ?? 0] ?? [])
        for (const position of positions.get(passage) ?? []) if (position !== own) others.push(position);
      some ||= others.length > 0;
      return others;
    });
    return some ? found : null;
  }
}
