import type { Question } from '../records';
import { questionKey } from '../split/questionKey';
import { scoreOfBest, type QuestionResult } from './evaluation';
import { passageOrder, shownPassages, type PassageOrder } from './ranking';

/** Saturation of a term's frequency, and the weight of a passage's length. */
const k1 = 1.2;
const b = 0.75;

/** The passages that contain a term, ascending, with the term's count in each. */
interface Posting {
  passages: number[];
  counts: number[];
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
  /** By the code points of a term. Two levels, because a number for both would be too large for a small integer. */
  readonly #terms = new Map<number, Map<number, Posting>>();
  readonly #lengths: Float64Array;
  #added = 0;
  #length = 0;

  constructor(readonly size: number) {
    this.#lengths = new Float64Array(size);
  }

  /** Adds the next passage. Add all of them before the first search. */
  add(text: string): void {
    const passage = this.#added++;
    eachTerm(text, (first, second) => {
      let seconds = this.#terms.get(first);
      if (!seconds) this.#terms.set(first, (seconds = new Map<number, Posting>()));
      const posting = seconds.get(second);
      if (!posting) seconds.set(second, { passages: [passage], counts: [1] });
      else if (posting.passages.at(-1) === passage) posting.counts.push((posting.counts.pop() ?? 0) + 1);
      else {
        posting.passages.push(passage);
        posting.counts.push(1);
      }
      this.#length += 1;
      this.#lengths[passage] = (this.#lengths[passage] ?? 0) + 1;
    });
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
      eachTerm(question, (first, second) => {
        const posting = this.#terms.get(first)?.get(second);
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

/** Calls `use` with the code points of each term of a text; the second is −1 for a text of one character. */
function eachTerm(text: string, use: (first: number, second: number) => void): void {
  let last = -1;
  let terms = 0;
  for (const character of questionKey(text, true)) {
    const code = character.codePointAt(0) ?? 0;
    if (last >= 0) {
      use(last, code);
      terms += 1;
    }
    last = code;
  }
  if (terms === 0 && last >= 0) use(last, -1);
}

/** Orders passages by score, best first; of equal scores, the smaller id first. */
class Ranking {
  constructor(
    readonly scores: Float64Array,
    readonly order: PassageOrder,
  ) {}

  #isBefore(x: number, y: number): boolean {
    const [scoreX, scoreY] = [this.scores[x] ?? 0, this.scores[y] ?? 0];
    return scoreX > scoreY || (scoreX === scoreY && (this.order.place[x] ?? 0) < (this.order.place[y] ?? 0));
  }

  /** Returns a passage's rank from 1, or Infinity if it shares no term with the question. */
  rankOf(passage: number): number {
    if ((this.scores[passage] ?? 0) === 0) return Infinity;
    let rank = 1;
    for (let other = 0; other < this.scores.length; other++) if (this.#isBefore(other, passage)) rank += 1;
    return rank;
  }

  /** Returns the indexes of the first `count` passages that share a term with the question. */
  top(count: number): number[] {
    const top: number[] = [];
    for (let passage = 0; passage < this.scores.length; passage++) {
      if ((this.scores[passage] ?? 0) === 0) continue;
      const last = top.at(-1);
      if (last !== undefined && top.length === count && !this.#isBefore(passage, last)) continue;
      const at = top.findIndex((other) => this.#isBefore(passage, other));
      top.splice(at < 0 ? top.length : at, 0, passage);
      if (top.length > count) top.pop();
    }
    return top;
  }
}

/** A question's result by keywords, and the indexes of its first passages, best first. */
export interface KeywordResult {
  result: QuestionResult;
  ranking: number[];
}

/**
 * Answers questions by keywords. A passage that shares no term with the question isn't found: its rank is infinite.
 * Calls `between` after every passage indexed and question answered.
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
  for (const [done, { text }] of passages.entries()) {
    index.add(text);
    await between(done + 1, of);
  }
  const score = index.scorer();
  const results: KeywordResult[] = [];
  for (const [done, question] of questions.entries()) {
    const scores = score(question.text);
    const ranking = new Ranking(scores, order);
    const right = [...new Set(question.relevant)].flatMap((id) => order.indexOf.get(id) ?? []);
    const ranks = right.map((passage) => ranking.rankOf(passage));
    // A passage without a term of the question isn't found, so its score of 0 is none.
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
    await between(passages.length + done + 1, of);
  }
  return results;
}
