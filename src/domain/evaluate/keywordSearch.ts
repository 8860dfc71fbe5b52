import type { Question } from '../records';
import { scoreOfBest, type QuestionResult } from './evaluation';
import { KeywordIndex } from './keywordIndex';
import { passageOrder, relevantPassages, shownPassages, type PassageOrder } from './ranking';

/** Texts (passages or questions) between two progress reports. A report per text would take longer than the search. */
const textsPerReport = 500;

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

/** Finds the first passages for a question, best first, with their BM25 scores. */
export type KeywordSearcher = (question: string, count: number) => { passage: number; score: number }[];

/** Indexes passages for later questions. Calls `between` after every 500 passages and at the end. */
export async function keywordSearcher(
  passages: readonly { id: string; text: string }[],
  order: PassageOrder,
  between: BetweenTexts,
): Promise<KeywordSearcher> {
  const score = await indexed(passages, between, passages.length);
  return (question, count) => {
    const scores = score(question);
    const first = new Ranking(scores, order).top(count);
    return first.map((passage) => ({ passage, score: scores[passage] ?? 0 }));
  };
}

/** Called while texts are indexed or answered: `done` of `of` are finished. It throws to stop the work. */
type BetweenTexts = (done: number, of: number) => Promise<void> | void;

/** Indexes passages, which are the first of `of` texts, and returns the scorer of questions. */
async function indexed(
  passages: readonly { text: string }[],
  between: BetweenTexts,
  of: number,
): Promise<ReturnType<KeywordIndex['scorer']>> {
  const index = new KeywordIndex(passages.length);
  for (const [at, { text }] of passages.entries()) {
    index.add(text);
    if ((at + 1) % textsPerReport === 0 || at + 1 === of) await between(at + 1, of);
  }
  return index.scorer();
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
  between: BetweenTexts,
): Promise<QuestionResult[]> {
  const found = await rankByKeywords(passages, questions, shownPassages, between);
  return found.map(({ result }) => result);
}

/** Answers questions as `searchByKeywords` does, and ranks the first `depth` passages of each. */
export async function rankByKeywords(
  passages: readonly { id: string; text: string }[],
  questions: readonly Question[],
  depth: number,
  between: BetweenTexts,
): Promise<KeywordResult[]> {
  const order = passageOrder(passages);
  const of = passages.length + questions.length;
  const score = await indexed(passages, between, of);
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
