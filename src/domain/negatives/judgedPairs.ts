import { questionKey } from '../split/questionKey';

/** A user's decision about one negative. Decisions are only ever appended; the latest one about an id counts. */
export interface NegativeDecision {
  /** See `JudgedPairs.idOf`. */
  id: string;
  keep: boolean;
  decidedAt: number;
}

/**
 * Number of hex digits in an id for the question, and again for the passage. With 48 bits, different texts are unlikely
 * to get the same id.
 */
const digits = 12;
export const judgedId = /^[0-9a-f]{24}$/;

/** Negatives that the user has dropped, because they answer the question. */
export class JudgedPairs {
  readonly #dropped = new Map<string, Set<string>>();
  readonly #passages = new Set<string>();

  /** `hash` returns at least 12 hex digits of a text's hash. */
  constructor(
    dropped: readonly string[],
    private readonly foldCase: boolean,
    private readonly hash: (text: string) => string,
  ) {
    for (const id of dropped) {
      const [question, passage] = [id.slice(0, digits), id.slice(digits)];
      const known = this.#dropped.get(question) ?? new Set();
      this.#dropped.set(question, known.add(passage));
      this.#passages.add(passage);
    }
  }

  /** Returns the id of a question with a passage. Spellings of one question have the same id. */
  idOf(question: string, passage: string): string {
    return this.#questionId(question) + this.#passageId(passage);
  }

  /** Returns a function that says whether a passage was dropped for the question, or null if none was. */
  droppedFor(question: string): ((passage: string) => boolean) | null {
    if (this.#dropped.size === 0) return null;
    const passages = this.#dropped.get(this.#questionId(question));
    return passages ? (passage) => passages.has(this.#passageId(passage)) : null;
  }

  /** Whether the passage was dropped for any question. */
  isDropped(passage: string): boolean {
    return this.#passages.size > 0 && this.#passages.has(this.#passageId(passage));
  }

  #questionId(question: string): string {
    return this.hash(questionKey(question, this.foldCase)).slice(0, digits);
  }

  #passageId(passage: string): string {
    return this.hash(passage.trim()).slice(0, digits);
  }
}
