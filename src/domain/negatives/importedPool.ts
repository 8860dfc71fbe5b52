import type { Pair } from '../records';

/** The distinct negatives that the pairs brought, and which of them each pair has. */
export interface ImportedPool {
  texts: string[];
  /** For each pair, indexes into `texts` in the order of the file. */
  own: number[][];
}

export function importedPool(pairs: readonly Pair[]): ImportedPool {
  const indexOf = new Map<string, number>();
  const texts: string[] = [];
  const own = pairs.map(({ negatives = [] }) =>
    negatives.map((text) => {
      const key = text.trim();
      const index = indexOf.get(key) ?? texts.length;
      if (index === texts.length) {
        indexOf.set(key, index);
        texts.push(text);
      }
      return index;
    }),
  );
  return { texts, own };
}
