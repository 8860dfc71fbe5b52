import type { Experiment } from '../../../src/domain/experiment';
import type { Pair, Passage, Question } from '../../../src/domain/records';
import type { Database } from '../../../src/storage/database';
import { storedSplit } from './storedSplit';

/** The rows of a run, split into parts. Every list is in tokenization order. */
export interface PreparedData {
  /** The pairs to train on. */
  pairs: Pair[];
  /** The knowledge base, followed by positives of held-out pairs that it does not contain. */
  knowledgeBase: Passage[];
  dev: Question[];
  test: Question[];
  /** Pairs that repeat a dev or test question. Training skips them, unless a listed batch order names its rows. */
  leaks: number;
}

/** Returns the texts that a run of the experiment trains and evaluates, as `storedSplit` divides them. */
export async function preparedData(db: Database, experiment: Experiment): Promise<PreparedData> {
  const { pairs, knowledgeBase, split, trainRows } = await storedSplit(db, experiment, false, () => undefined);
  return {
    pairs: trainRows.flatMap((row) => pairs[row] ?? []),
    knowledgeBase: [...knowledgeBase, ...split.extraPassages],
    dev: split.dev,
    test: split.test,
    leaks: split.leaks.length,
  };
}
