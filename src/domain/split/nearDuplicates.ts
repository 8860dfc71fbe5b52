/** Minimum Jaccard similarity of near-duplicates: 4/5. A fraction of integers keeps the comparisons exact. */
const threshold = { over: 4, under: 5 };

/**
 * Yields the grams of a key: runs of two characters, as in the search terms of Chinese text. A key of one character is
 * one gram.
 */
function* eachGram(key: string): Generator<string> {
  let last = '';
  let first = true;
  for (const character of key) {
    if (last !== '') {
      first = false;
      yield last + character;
    }
    last = character;
  }
  if (first && last !== '') yield last;
}

/** Returns the distinct grams of a key. */
export function gramsOf(key: string): Set<string> {
  return new Set(eachGram(key));
}

/** Whether a key is a near-duplicate of the key with these grams. Stops as soon as the answer is certain. */
export function isNearDuplicate(grams: ReadonlySet<string>, key: string): boolean {
  const { over, under } = threshold;
  const shared = new Set<string>();
  const other = new Set<string>();
  for (const gram of eachGram(key)) {
    if (grams.has(gram)) shared.add(gram);
    else other.add(gram);
    // Even if all of `grams` are shared, the union has `other.size` more.
    if (under * grams.size < over * (grams.size + other.size)) return false;
  }
  return shared.size > 0 && under * shared.size >= over * (grams.size + other.size);
}

/**
 * Returns how many of a set's rarest grams to compare. A near-duplicate shares at least ⌈4/5 size⌉ grams, so it lacks
 * at most size − ⌈4/5 size⌉. Of any set with one gram more than that, it therefore shares at least one.
 */
function prefixLength(size: number): number {
  return size === 0 ? 0 : size - Math.ceil((threshold.over * size) / threshold.under) + 1;
}

/** Counts the values that two ascending lists share. Returns −1 as soon as `needed` is out of reach. */
function sharedCount(a: Int32Array, b: Int32Array, needed: number): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (shared + Math.min(a.length - i, b.length - j) < needed) return -1;
    const difference = (a[i] ?? 0) - (b[j] ?? 0);
    if (difference === 0) shared += 1;
    if (difference <= 0) i += 1;
    if (difference >= 0) j += 1;
  }
  return shared < needed ? -1 : shared;
}

/**
 * Returns the least number of shared grams with which two sets of `sizes` grams in total have a Jaccard similarity of
 * at least `over` / `under`, or with `strictly` of more than that: shared / (sizes − shared) ≥ over / under, solved for
 * `shared`.
 */
function neededCount(sizes: number, { over, under }: typeof threshold, strictly: boolean): number {
  const bound = (over * sizes) / (over + under);
  return strictly ? Math.floor(bound) + 1 : Math.ceil(bound);
}

export interface Nearest {
  /** Index in the list of keys searched. */
  index: number;
  jaccard: number;
}

/**
 * Finds the most similar of many keys by the Jaccard similarity of their grams. The result is exact. Only keys that
 * share one of the rarest grams are compared: the prefix filter of Bayardo et al., "Scaling up all pairs similarity
 * search", WWW 2007.
 */
export class NearDuplicateIndex {
  /** Rank of each gram, rarest first. */
  readonly #rankOf = new Map<string, number>();
  /** Ranks of the grams of each key, ascending. */
  readonly #sets: Int32Array[];
  /** By rank: indexes of the keys that have this gram among their rarest. */
  readonly #postings = new Map<number, number[]>();
  /** By key: the last query that compared it. */
  readonly #comparedFor: Int32Array;
  #query = 0;

  constructor(keys: readonly string[]) {
    const sets = keys.map(gramsOf);
    const frequency = new Map<string, number>();
    for (const set of sets) for (const gram of set) frequency.set(gram, (frequency.get(gram) ?? 0) + 1);
    const rarestFirst = Array.from(frequency).sort((a, b) => a[1] - b[1]);
    rarestFirst.forEach(([gram], rank) => this.#rankOf.set(gram, rank));
    this.#sets = sets.map((set) => this.#ranksOf(set));
    this.#comparedFor = new Int32Array(keys.length);
    this.#sets.forEach((ranks, index) => {
      for (const rank of ranks.subarray(0, prefixLength(ranks.length))) {
        const posting = this.#postings.get(rank);
        if (posting) posting.push(index);
        else this.#postings.set(rank, [index]);
      }
    });
  }

  /** Returns the ranks of the known grams, ascending. */
  #ranksOf(grams: ReadonlySet<string>): Int32Array {
    const ranks: number[] = [];
    for (const gram of grams) {
      const rank = this.#rankOf.get(gram);
      if (rank !== undefined) ranks.push(rank);
    }
    return Int32Array.from(ranks).sort();
  }

  /** Returns the most similar key if it is a near-duplicate, else null. Of equally similar keys, returns the first. */
  nearest(key: string): Nearest | null {
    const grams = gramsOf(key);
    const ranks = this.#ranksOf(grams);
    // Grams that no key has are the rarest of all, so they take the first places of the prefix.
    const probes = Math.max(0, prefixLength(grams.size) - (grams.size - ranks.length));
    this.#query += 1;
    let best = { index: -1, ...threshold };
    for (const rank of ranks.subarray(0, probes)) {
      for (const index of this.#postings.get(rank) ?? []) {
        if (this.#comparedFor[index] === this.#query) continue;
        this.#comparedFor[index] = this.#query;
        const set = this.#sets[index] ?? new Int32Array();
        const sizes = grams.size + set.length;
        // Of equally similar keys the first one wins.
        const strictly = best.index >= 0 && index > best.index;
        const shared = sharedCount(ranks, set, neededCount(sizes, best, strictly));
        if (shared >= 0) best = { index, over: shared, under: sizes - shared };
      }
    }
    return best.index < 0 ? null : { index: best.index, jaccard: best.over / best.under };
  }
}
