import type { Pair } from '../records';
import { gramsOf, isNearDuplicate } from '../split/nearDuplicates';
import { questionKey } from '../split/questionKey';
import type { JudgedPairs } from './judgedPairs';

/**
 * Why a text is not a negative of a question. `judged`: the user has dropped it. The last two apply only to mined
 * negatives: the score is outside the window, or too close to the positive's score.
 */
export const exclusions = ['samePassage', 'knownPositive', 'judged', 'nearDuplicate', 'scoreWindow', 'margin'] as const;
export type Exclusion = (typeof exclusions)[number];

/** The answers of one question: the positives of all of its pairs. */
interface Question {
  texts: Set<string>;
  /** Whether the user has dropped a text as a negative of the question. Null if none was dropped. */
  dropped: ((text: string) => boolean) | null;
  /** Grams of each positive. Computed when first needed and dropped with the last pair that needs them. */
  grams?: Set<string>[];
}

/** The known answers of the questions of all pairs. Pairs with equal `questionKey` ask the same question. */
export class AnswerIndex {
  readonly #questions: Question[] = [];
  /** The question of each pair. */
  readonly #questionOf: Int32Array;
  /** By trimmed text: the questions that the text answers. */
  readonly #answered = new Map<string, Set<number>>();
  #latest: Question | undefined;

  constructor(
    private readonly pairs: readonly Pair[],
    foldCase: boolean,
    private readonly judged: JudgedPairs | null = null,
  ) {
    this.#questionOf = new Int32Array(pairs.length);
    const known = new Map<string, number>();
    for (const [row, { anchor, positive }] of pairs.entries()) {
      const key = questionKey(anchor, foldCase);
      const question = known.get(key) ?? this.#questions.length;
      if (!known.has(key)) {
        known.set(key, question);
        this.#questions.push({ texts: new Set(), dropped: judged?.droppedFor(anchor) ?? null });
      }
      this.#questionOf[row] = question;
      const text = positive.trim();
      this.#questions[question]?.texts.add(text);
      const answered = this.#answered.get(text);
      if (answered) answered.add(question);
      else this.#answered.set(text, new Set([question]));
    }
  }

  /** Returns why the text may not be a negative of the pair in `row`, or null if it may. */
  exclusionOf(row: number, candidate: string): Exclusion | null {
    const text = candidate.trim();
    const question = this.#questions[this.#questionOf[row] ?? 0];
    if (!question) return null;
    if (text === this.pairs[row]?.positive.trim()) return 'samePassage';
    if (question.texts.has(text)) return 'knownPositive';
    if (question.dropped?.(text)) return 'judged';
    const key = passageKey(text);
    return this.#gramsOf(question).some((grams) => isNearDuplicate(grams, key)) ? 'nearDuplicate' : null;
  }

  /** Whether the text is a known answer to the question of the pair in `row`, or the user has dropped it there. */
  answers(row: number, text: string): boolean {
    const question = this.#questionOf[row] ?? -1;
    return (this.#answered.get(text.trim())?.has(question) ?? false) || this.isDropped(row, text);
  }

  /** Whether the user has dropped the text as a negative of the pair in `row`. */
  isDropped(row: number, text: string): boolean {
    return this.#questions[this.#questionOf[row] ?? -1]?.dropped?.(text) ?? false;
  }

  /** Whether `answers` is true for the text and any pair. */
  answersAny(text: string): boolean {
    return this.#answered.has(text.trim()) || (this.judged?.isDropped(text) ?? false);
  }

  /** Keeps the grams of one question only, because those of all positives together may not fit in memory. */
  #gramsOf(question: Question): Set<string>[] {
    if (this.#latest && this.#latest !== question) delete this.#latest.grams;
    this.#latest = question;
    return (question.grams ??= Array.from(question.texts, (text) => gramsOf(passageKey(text))));
  }
}

/** Compare passages without case, white space and punctuation, as questions are compared. */
const passageKey = (text: string): string => questionKey(text, true);
