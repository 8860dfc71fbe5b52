import type { Question } from '../../../src/domain/records';
import { NearDuplicateIndex, type Nearest } from '../../../src/domain/split/nearDuplicates';
import type { Overlap } from '../../../src/domain/split/overlap';
import { questionKey } from '../../../src/domain/split/questionKey';
import type { Progress } from '../../../src/protocol/dataApi';

/** Number of rows searched between progress reports. Pending messages are also handled then. */
const searchedPerTurn = 256;

const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A row to train on, with its texts that could repeat a question. */
export interface SearchedRow extends Pick<Overlap, 'from' | 'row'> {
  texts: readonly string[];
}

/** Finds the test question that a text nearly repeats. Each text is searched once, whatever its spelling. */
class TestQuestions {
  readonly #questionOf = new Map<string, string>();
  readonly #keys: string[];
  readonly #index: NearDuplicateIndex;
  readonly #found = new Map<string, Nearest | null>();

  constructor(
    test: readonly Question[],
    private readonly foldCase: boolean,
  ) {
    for (const { text } of test) {
      const key = questionKey(text, foldCase);
      if (!this.#questionOf.has(key)) this.#questionOf.set(key, text);
    }
    this.#keys = Array.from(this.#questionOf.keys());
    this.#index = new NearDuplicateIndex(this.#keys);
  }

  /** Returns the most similar question and the similarity, or null. A text that is a leak has none. */
  nearest(text: string): { question: string; jaccard: number } | null {
    const key = questionKey(text, this.foldCase);
    if (this.#questionOf.has(key)) return null;
    let nearest = this.#found.get(key);
    if (nearest === undefined) this.#found.set(key, (nearest = this.#index.nearest(key)));
    const question = nearest && this.#questionOf.get(this.#keys[nearest.index] ?? '');
    return nearest && question != null ? { question, jaccard: nearest.jaccard } : null;
  }
}

interface NearDuplicateInput {
  rows: readonly SearchedRow[];
  test: readonly Question[];
  foldCase: boolean;
}

/**
 * Returns the rows with a text that is a near-duplicate of a test question, each with its most similar text and test
 * question. Texts with the same key as a test question are leaks, so they are not reported here.
 */
export async function nearDuplicatesOfTest(input: NearDuplicateInput, progress: Progress): Promise<Overlap[]> {
  const { rows, test, foldCase } = input;
  const questions = new TestQuestions(test, foldCase);
  const overlaps: Overlap[] = [];
  for (const [done, { from, row, texts }] of rows.entries()) {
    if (done % searchedPerTurn === 0) {
      progress(done, rows.length);
      await nextTurn();
    }
    let best: Overlap | null = null;
    for (const text of texts) {
      const found = questions.nearest(text);
      if (found && found.jaccard > (best?.jaccard ?? 0))
        best = { kind: 'near', from, row, text, part: 'test', ...found };
    }
    if (best) overlaps.push(best);
  }
  progress(rows.length, rows.length);
  return overlaps;
}
