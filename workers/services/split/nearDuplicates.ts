import type { Pair, Question } from '../../../src/domain/records';
import { NearDuplicateIndex, type Nearest } from '../../../src/domain/split/nearDuplicates';
import type { Overlap } from '../../../src/domain/split/overlap';
import { questionKey } from '../../../src/domain/split/questionKey';
import type { Progress } from '../../../src/protocol/dataApi';

/** Number of questions searched between progress reports. Pending messages are also handled then. */
const searchedPerTurn = 256;

const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

interface NearDuplicateInput {
  pairs: readonly Pair[];
  /** Rows of `pairs` that are searched. */
  rows: readonly number[];
  test: readonly Question[];
  foldCase: boolean;
}

/**
 * Returns the rows whose question is a near-duplicate of a test question, each with the most similar test question.
 * Rows with the same key as a test question are leaks, so they are not reported here.
 */
export async function nearDuplicatesOfTest(input: NearDuplicateInput, progress: Progress): Promise<Overlap[]> {
  const { pairs, rows, foldCase } = input;
  const questionOf = new Map<string, string>();
  for (const { text } of input.test) {
    const key = questionKey(text, foldCase);
    if (!questionOf.has(key)) questionOf.set(key, text);
  }
  const keys = Array.from(questionOf.keys());
  const index = new NearDuplicateIndex(keys);
  const searched = new Map<string, Nearest | null>();
  const overlaps: Overlap[] = [];
  for (const [done, row] of rows.entries()) {
    if (done % searchedPerTurn === 0) {
      progress(done, rows.length);
      await nextTurn();
    }
    const text = pairs[row]?.anchor ?? '';
    const key = questionKey(text, foldCase);
    if (questionOf.has(key)) continue;
    let nearest = searched.get(key);
    if (nearest === undefined) searched.set(key, (nearest = index.nearest(key)));
    const question = nearest && questionOf.get(keys[nearest.index] ?? '');
    if (!nearest || question == null) continue;
    overlaps.push({ kind: 'near', from: 'train', row, text, part: 'test', question, jaccard: nearest.jaccard });
  }
  progress(rows.length, rows.length);
  return overlaps;
}
