import { questionKey } from '../split/questionKey';

/** Saturation of a term's frequency, and the weight of a passage's length. */
const k1 = 1.2;
const b = 0.75;

/** Characters of the basic plane are numbered by a table, the rarer ones by a map. */
const basicPlane = 2 ** 16;
/** Initial number of entries of the arrays, which double whenever they are full. */
const firstCapacity = 2 ** 12;

/** Returns a copy of an array with twice the length. */
function doubled(values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * values.length);
  larger.set(values);
  return larger;
}

/** Numbers the pairs of two numbers from 0, in the order in which they first occur. Open addressing, linear probing. */
class PairNumbers {
  size = 0;
  #firsts = new Int32Array(firstCapacity);
  #seconds = new Int32Array(firstCapacity);
  /** A pair's number + 1, or 0. At most half of the slots are taken, so that searches are short. */
  #slots = new Int32Array(2 * firstCapacity);

  /** Returns the slot of a pair, or the empty one where it belongs. */
  #slotOf(first: number, second: number): number {
    const mask = this.#slots.length - 1;
    const mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (;;) {
      const pair = (this.#slots[slot] ?? 0) - 1;
      if (pair < 0 || (this.#firsts[pair] === first && this.#seconds[pair] === second)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  /** Returns the number of a pair, or -1 if it has none. */
  find(first: number, second: number): number {
    return (this.#slots[this.#slotOf(first, second)] ?? 0) - 1;
  }

  /** Returns the number of a pair, and numbers it if it is new. */
  add(first: number, second: number): number {
    const slot = this.#slotOf(first, second);
    const known = (this.#slots[slot] ?? 0) - 1;
    if (known >= 0) return known;
    const number = this.size++;
    this.#firsts[number] = first;
    this.#seconds[number] = second;
    this.#slots[slot] = number + 1;
    if (this.size === this.#firsts.length) this.#grow();
    return number;
  }

  #grow(): void {
    this.#firsts = doubled(this.#firsts);
    this.#seconds = doubled(this.#seconds);
    this.#slots = new Int32Array(2 * this.#firsts.length);
    for (let number = 0; number < this.size; number++)
      this.#slots[this.#slotOf(this.#firsts[number] ?? 0, this.#seconds[number] ?? 0)] = number + 1;
  }
}

/** The passages that contain each term, ascending, with the term's count in each: those of term t from starts[t] on. */
interface Postings {
  starts: Int32Array;
  passages: Int32Array;
  counts: Int32Array;
}

/**
 * BM25 over character bigrams. A passage's score is the sum over the question's terms, each as often as it occurs
 * there, of idf · tf / (tf + k1 · (1 − b + b · length / mean length)) (Robertson & Zaragoza 2009, eq. 3.15). The idf is
 * Lucene's, ln(1 + (N − n + 0.5) / (n + 0.5)), which is never negative. k1 = 1.2 and b = 0.75.
 *
 * Terms are the pairs of neighbouring characters of the normalised text: NFKC, one letter case, without white space and
 * punctuation. A text of one character is one term.
 */
export class KeywordIndex {
  readonly #terms = new PairNumbers();
  /** Numbers of the characters, in the order in which they first occur; 0 is no character. */
  readonly #characters = new Int32Array(basicPlane);
  readonly #rareCharacters = new Map<number, number>();
  #characterCount = 0;
  readonly #lengths: Float64Array;
  #added = 0;
  #length = 0;
  /** Terms and counts of all passages, one entry for each term of a passage; those of a passage end at its place. */
  #entryTerms = new Int32Array(firstCapacity);
  #entryCounts = new Int32Array(firstCapacity);
  #entries = 0;
  readonly #ends: Float64Array;
  /** By term: the number of passages that contain it, and its latest entry + 1. */
  #passagesWith = new Int32Array(firstCapacity);
  #latest = new Int32Array(firstCapacity);

  constructor(readonly size: number) {
    this.#lengths = new Float64Array(size);
    this.#ends = new Float64Array(size);
  }

  /** Adds the next passage. Add all of them before the first search. */
  add(text: string): void {
    const passage = this.#added++;
    const begin = this.#entries;
    let length = 0;
    this.#eachTerm(text, true, (first, second) => {
      this.#count(this.#terms.add(first, second), begin);
      length += 1;
    });
    this.#length += length;
    this.#lengths[passage] = length;
    this.#ends[passage] = this.#entries;
  }

  /** Counts a term of the passage whose entries begin at `begin`. */
  #count(term: number, begin: number): void {
    if (term >= this.#latest.length) {
      this.#latest = doubled(this.#latest);
      this.#passagesWith = doubled(this.#passagesWith);
    }
    const latest = (this.#latest[term] ?? 0) - 1;
    if (latest >= begin) {
      this.#entryCounts[latest] = (this.#entryCounts[latest] ?? 0) + 1;
      return;
    }
    if (this.#entries === this.#entryTerms.length) {
      this.#entryTerms = doubled(this.#entryTerms);
      this.#entryCounts = doubled(this.#entryCounts);
    }
    const entry = this.#entries++;
    this.#entryTerms[entry] = term;
    this.#entryCounts[entry] = 1;
    this.#latest[term] = entry + 1;
    this.#passagesWith[term] = (this.#passagesWith[term] ?? 0) + 1;
  }

  /** Returns the number of a character. A new one is numbered if `isNew` allows it, else it is -1. */
  #numberOf(code: number, isNew: boolean): number {
    const known = code < basicPlane ? this.#characters[code] : this.#rareCharacters.get(code);
    if (known) return known;
    if (!isNew) return -1;
    this.#characterCount += 1;
    if (code < basicPlane) this.#characters[code] = this.#characterCount;
    else this.#rareCharacters.set(code, this.#characterCount);
    return this.#characterCount;
  }

  /** Calls `use` with the characters of each term of a text by number; the second is 0 if there is only one. */
  #eachTerm(text: string, isNew: boolean, use: (first: number, second: number) => void): void {
    const key = questionKey(text, true);
    let last = 0;
    let terms = 0;
    for (let at = 0; at < key.length; at++) {
      const code = key.codePointAt(at) ?? 0;
      if (code >= basicPlane) at += 1;
      const character = this.#numberOf(code, isNew);
      if (last !== 0) {
        use(last, character);
        terms += 1;
      }
      last = character;
    }
    if (terms === 0 && last !== 0) use(last, 0);
  }

  /** k1 · (1 − b + b · length / mean length) of each passage. */
  #lengthTerms(): Float64Array {
    const mean = this.#length / this.size;
    return this.#lengths.map((length) => k1 * (1 - b + (b * length) / mean));
  }

  /** Sorts the entries by term. Those of a term stay in the order of the passages. */
  #postings(): Postings {
    const starts = new Int32Array(this.#terms.size + 1);
    for (let term = 0; term < this.#terms.size; term++)
      starts[term + 1] = (starts[term] ?? 0) + (this.#passagesWith[term] ?? 0);
    const next = starts.slice();
    const passages = new Int32Array(this.#entries);
    const counts = new Int32Array(this.#entries);
    let passage = 0;
    for (let entry = 0; entry < this.#entries; entry++) {
      while (entry >= (this.#ends[passage] ?? Infinity)) passage += 1;
      const term = this.#entryTerms[entry] ?? 0;
      const place = next[term] ?? 0;
      next[term] = place + 1;
      passages[place] = passage;
      counts[place] = this.#entryCounts[entry] ?? 0;
    }
    return { starts, passages, counts };
  }

  /**
   * Returns a function that returns the scores of all passages, in the order in which they were added; 0 if a passage
   * shares no term with the question. It returns the same array at every call.
   */
  scorer(): (question: string) => Float64Array {
    const lengthTerms = this.#lengthTerms();
    const { starts, passages, counts } = this.#postings();
    const scores = new Float64Array(this.size);
    return (question) => {
      scores.fill(0);
      this.#eachTerm(question, false, (first, second) => {
        const term = this.#terms.find(first, second);
        if (term < 0) return;
        const [begin, end] = [starts[term] ?? 0, starts[term + 1] ?? 0];
        const idf = Math.log1p((this.size - (end - begin) + 0.5) / (end - begin + 0.5));
        for (let place = begin; place < end; place++) {
          const passage = passages[place] ?? 0;
          const count = counts[place] ?? 0;
          scores[passage] = (scores[passage] ?? 0) + (idf * count) / (count + (lengthTerms[passage] ?? 0));
        }
      });
      return scores;
    };
  }
}
