import type { Question } from '../records';
import { questionKey } from '../split/questionKey';
import { scoreOfBest, type QuestionResult } from './evaluation';
import { passageOrder, relevantPassages, shownPassages, type PassageOrder } from './ranking';

/** Texts (passages or questions) between two progress reports. A report per text would take longer than the search. */
const textsPerReport = 500;

/** Saturation of a term's frequency, and the weight of a passage's length. */
const k1 = 1.2;
const b = 0.75;

/** The passages that contain a term, ascending, with the term's count in each. */
interface Posting {
  passages: number[];
  counts: number[];
}

/** Two character numbers below this limit combine to a small integer, the fastest kind of Map key. */
const fewCharacters = 2 ** 15;
/** Greater than the number of Unicode characters. */
const allCharacters = 2 ** 21;

/**
 * Returns the key of the term whose characters have these numbers; `second` is 0 if there is only one. Small keys are
 * positive and all others negative, so that no two terms share a key.
 */
function termOf(first: number, second: number): number {
  if (first < fewCharacters && second < fewCharacters) return first * fewCharacters + second;
  return -(first * allCharacters + second);
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
  /** By the key of a term; see `termOf`. */
  readonly #terms = new Map<number, Posting>();
  /** Numbers characters from 1 in the order in which they first occur; 0 means no character. */
  readonly #characters = new Map<number, number>();
  readonly #lengths: Float64Array;
  #added = 0;
  #length = 0;

  constructor(readonly size: number) {
    this.#lengths = new Float64Array(size);
  }

  /** Adds the next passage. Add all of them before the first search. */
  add(text: string): void {
    const passage = this.#added++;
    let length = 0;
    this.#eachTerm(text, (term) => {
      const posting = this.#terms.get(term);
      if (!posting) this.#terms.set(term, { passages: [passage], counts: [1] });
      else {
        const { passages, counts } = posting;
        const last = passages.length - 1;
        if (passages[last] === passage) counts[last] = (counts[last] ?? 0) + 1;
        else {
          passages.push(passage);
          counts.push(1);
        }
      }
      length += 1;
    });
    this.#length += length;
    this.#lengths[passage] = length;
  }

  /** Calls `use` with the key of each term of a text. */
  #eachTerm(text: string, use: (term: number) => void): void {
    const key = questionKey(text, true);
    let last = 0;
    let terms = 0;
    for (let at = 0; at < key.length; at++) {
      const code = key.codePointAt(at) ?? 0;
      if (code > 0xffff) at += 1;
      let character = this.#characters.get(code);
      if (character === undefined) this.#characters.set(code, (character = this.#characters.size + 1));
      if (last > 0) {
        use(termOf(last, character));
        terms += 1;
      }
      last = character;
    }
    if (terms === 0 && last > 0) use(termOf(last, 0));
  }

  /** k1 · (1 − b + b · length / mean length) of each passage. */
  #lengthTerms(): Float64Array {
    const mean = this.#length / this.size;
    return this.#lengths.map((length) => k1 * (1 - b + (b * length) / mean));
  }

  /**
   * Returns a function that returns the scores of all passages, in the order in which they were added; 0 if a passage
   * shares no term with the question. It returns the same array at every call.
   */
  scorer(): (question: string) => Float64Array {
    const lengthTerms = this.#lengthTerms();
    const scores = new Float64Array(this.size);
    return (question) => {
      scores.fill(0);
      this.#eachTerm(question, (term) => {
        const posting = this.#terms.get(term);
        if (!posting) return;
        const { passages, counts } = posting;
        const idf = Math.log1p((this.size - passages.length + 0.5) / (passages.length + 0.5));
        for (let i = 0; i < passages.length; i++) {
          const passage = passages[i] ?? 0;
          const count = counts[i] ?? 0;
          scores[passage] = (scores[passage] ?? 0) + (idf * count) / (count + (lengthTerms[passage] ?? 0));
        }
      });
      return scores;
    };
  }
}

/** Orders passages by score, best first; of equal scores, the smaller id first. */
class Ranking {
  constructor(
    readonly scores: Float64Array,
    readonly order: PassageOrder,
  ) {}

  #isBefore(x: number, y: number): boolean {
    const [scoreX = 0, scoreY = 0] = [this.scores[x], this.scores[y]];
    return scoreX > scoreY || (scoreX === scoreY && (this.order.place[x] ?? 0) < (this.order.place[y] ?? 0));
  }

  /** Returns a passage's rank from 1, or Infinity if it shares no term with the question. */
  rankOf(passage: number): number {
    const { scores } = this;
    const { place } = this.order;
    const own = scores[passage] ?? 0;
    if (own === 0) return Infinity;
    const ownPlace = place[passage] ?? 0;
    let rank = 1;
    for (let other = 0; other < scores.length; other++) {
      const score = scores[other] ?? 0;
      if (score > own || (score === own && (place[other] ?? 0) < ownPlace)) rank += 1;
    }
    return rank;
  }

  /** Returns the indexes of the first `count` passages that share a term with the question. */
  top(count: number): number[] {
    const top: number[] = [];
    let least = 0;
    for (let passage = 0; passage < this.scores.length; passage++) {
      const score = this.scores[passage] ?? 0;
      if (score === 0 || score < least) continue;
      const last = top.at(-1);
      if (last !== undefined && top.length === count && !this.#isBefore(passage, last)) continue;
      top.splice(this.#placeIn(top, passage), 0, passage);
      if (top.length > count) top.pop();
      if (top.length === count) least = this.scores[top.at(-1) ?? 0] ?? 0;
    }
    return top;
  }

  /** Returns where a passage belongs in a sorted list, by bisection. */
  #placeIn(top: readonly number[], passage: number): number {
    let [low, high] = [0, top.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#isBefore(passage, top[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Returns a function that finds the first `count` passages for a question, best first, with their BM25 scores. */
export function keywordSearcher(
  passages: readonly { id: string; text: string }[],
  order: PassageOrder,
): (question: string, count: number) => { passage: number; score: number }[] {
  const index = new KeywordIndex(passages.length);
  for (const { text } of passages) index.add(text);
  const score = index.scorer();
  return (question, count) => {
    const scores = score(question);
    const first = new Ranking(scores, order).top(count);
    return first.map((passage) => ({ passage, score: scores[passage] ?? 0 }));
  };
}

/** A question's result by keywords, and the indexes of its first passages, best first. */
export interface KeywordResult {
  result: QuestionResult;
  ranking: number[];
}

/**
 * Answers questions by keywords. A passage that shares no term with the question isn't found: its rank is infinite.
 * Calls `between` after every 500 passages indexed or questions answered, and at the end.
 */
export async function searchByKeywords(
  passages: readonly { id: string; text: string }[],
  questions: readonly Question[],
  between: (done: number, of: number) => Promise<void> | void,
): Promise<QuestionResult[]> {
  const found = await rankByKeywords(passages, questions, shownPassages, between);
  return found.map(({ result }) => result);
}

/** Answers questions as `searchByKeywords` does, and ranks the first `depth` passages of each. */
export async function rankByKeywords(
  passages: readonly { id: string; text: string }[],
  questions: readonly Question[],
  depth: number,
  between: (done: number, of: number) => Promise<void> | void,
): Promise<KeywordResult[]> {
  const order = passageOrder(passages);
  const index = new KeywordIndex(passages.length);
  const of = passages.length + questions.length;
  for (const [at, { text }] of passages.entries()) {
    index.add(text);
    if ((at + 1) % textsPerReport === 0) await between(at + 1, of);
  }
  const score = index.scorer();
  const results: KeywordResult[] = [];
  for (const [done, question] of questions.entries()) {
    const scores = score(question.text);
    const ranking = new Ranking(scores, order);
    const right = relevantPassages(question, order);
    const ranks = right.map((passage) => ranking.rankOf(passage));
    // A passage that shares no term with the question isn't found, so its score of 0 is left out.
    const rightScore = scoreOfBest(
      ranks,
      right.map((passage) => scores[passage] || NaN),
    );
    const first = ranking.top(depth);
    const top = first.slice(0, shownPassages).map((passage) => {
      return { passageId: order.ids[passage] ?? '', score: scores[passage] ?? 0 };
    });
    const result = { questionId: question.id, ranks: ranks.sort((x, y) => x - y), top, ...rightScore };
    results.push({ result, ranking: first });
    const all = passages.length + done + 1;
    if (all % textsPerReport === 0 || all === of) await between(all, of);
  }
  return results;
}
