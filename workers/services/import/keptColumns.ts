import { canonicalJson } from '../../../src/domain/canonicalJson';
import { sha256Hasher, type Hasher } from '../../../src/domain/hash';
import { keptFields, type KeptField, type KeptSummary, type KeptValues } from '../../../src/domain/records';

/** Counts and hashes the kept values of a data set's rows, in row order. */
export class KeptColumns {
  readonly #counts = new Map<KeptField, { rows: number; values: Set<string> }>();

  private constructor(private readonly hasher: Hasher) {}

  static async open(): Promise<KeptColumns> {
    return new KeptColumns(await sha256Hasher());
  }

  /** Call it for every row, even one without kept values, because the hash depends on the row's position. */
  add(kept: KeptValues = {}): void {
    this.hasher.update(`${canonicalJson(kept)}\n`);
    for (const field of keptFields) {
      const value = kept[field];
      if (value === undefined) continue;
      const count = this.#counts.get(field) ?? { rows: 0, values: new Set<string>() };
      count.rows += 1;
      count.values.add(value);
      this.#counts.set(field, count);
    }
  }

  /** Returns null if no row has a kept value. */
  finish(): KeptSummary | null {
    if (this.#counts.size === 0) return null;
    const fields = keptFields.flatMap((field) => {
      const count = this.#counts.get(field);
      return count ? [{ field, rows: count.rows, values: count.values.size }] : [];
    });
    return { sha256: this.hasher.hex(), fields };
  }
}
