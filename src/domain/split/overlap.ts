import type { Question, QuestionPart } from '../records';
import { questionKey } from './questionKey';

/**
 * How two texts match: character by character, after normalisation (see `questionKey`), or nearly (character grams with
 * a Jaccard similarity of at least 0.8).
 */
type OverlapKind = 'exact' | 'normalised' | 'near';

/** A training pair, a scored pair or a dev question that repeats a question of another part. */
export interface Overlap {
  kind: OverlapKind;
  from: 'train' | 'scored' | 'dev';
  /** Position among the pairs, the scored pairs or the dev questions, from 0. */
  row: number;
  text: string;
  /** The part of the question that is repeated. */
  part: QuestionPart;
  question: string;
  /** With kind `near`: the similarity. */
  jaccard?: number;
}

interface Asked {
  part: QuestionPart;
  text: string;
}

/** Finds texts that repeat a question of another part. */
export class OverlapFinder {
  readonly #byText = new Map<string, Asked>();
  readonly #byKey = new Map<string, Asked>();

  constructor(private readonly foldCase: boolean) {}

  add(questions: readonly Question[], part: QuestionPart): void {
    for (const { text } of questions) {
      const trimmed = text.trim();
      const key = questionKey(text, this.foldCase);
      if (!this.#byText.has(trimmed)) this.#byText.set(trimmed, { part, text });
      if (!this.#byKey.has(key)) this.#byKey.set(key, { part, text });
    }
  }

  /** Returns the question that the text repeats, or null. */
  overlapOf(text: string): Pick<Overlap, 'kind' | 'part' | 'question'> | null {
    const exact = this.#byText.get(text.trim());
    const found = exact ?? this.#byKey.get(questionKey(text, this.foldCase));
    return found ? { kind: exact ? 'exact' : 'normalised', part: found.part, question: found.text } : null;
  }
}
