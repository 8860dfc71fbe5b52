import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import type { Experiment } from '../../../src/domain/experiment';
import type { DataRole, Pair, Passage, Question, QuestionPart, RowOf } from '../../../src/domain/records';
import type { Overlap } from '../../../src/domain/split/overlap';
import { splitData, type Split } from '../../../src/domain/split/splitData';
import { hasListedBatches } from '../../../src/domain/train/batchList';
import type { Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { modelFoldsCase } from '../tokenize/letterCase';
import { nearDuplicatesOfTest } from './nearDuplicates';

/** The rows of a run, split into parts. Every list is in tokenization order. */
export interface PreparedData {
  /** Training pairs only. */
  pairs: Pair[];
  /** The knowledge base, followed by positives of held-out pairs that it does not contain. */
  knowledgeBase: Passage[];
  dev: Question[];
  test: Question[];
  /** Pairs that repeat a dev or test question. Training skips them, unless a listed batch order names its rows. */
  leaks: number;
}

async function rowsOf<R extends DataRole>(
  db: Database,
  experiment: Experiment,
  role: R,
  part?: QuestionPart,
): Promise<RowOf[R][]> {
  const entries = experiment.data.filter((entry) => entry.role === role && entry.part === part);
  const lists: RowOf[R][][] = [];
  for (const entry of entries) lists.push(await readRows(db, role, entry.contentSha256));
  return lists.flat();
}

function refuseSharedIds(knowledgeBase: readonly Passage[]): void {
  const seen = new Set<string>();
  for (const { id } of knowledgeBase) {
    if (seen.has(id)) throw new AppError({ kind: 'experiment-invalid', path: 'data', found: own('passage-twice', id) });
    seen.add(id);
  }
}

/** The stored rows of an experiment, and how they are split. */
export interface StoredSplit {
  pairs: Pair[];
  knowledgeBase: Passage[];
  split: Split;
  /** Training pairs that are near-duplicates of a test question. Empty if they were not asked for. */
  nearDuplicates: Overlap[];
  /** Whether `nearDuplicates` are to be kept out of training: a setting that a listed batch order overrules. */
  removesNearDuplicates: boolean;
  /** Rows of `pairs` that train. */
  trainRows: number[];
}

/**
 * Reads the experiment's data and splits it. Near-duplicates are searched if the experiment removes them, or always
 * with `findNearDuplicates`. Parts that the experiment does not list are empty.
 * @throws data-missing if a data set that it lists is not stored.
 */
export async function storedSplit(
  db: Database,
  experiment: Experiment,
  findNearDuplicates: boolean,
  progress: Progress,
): Promise<StoredSplit> {
  const knowledgeBase = await rowsOf(db, experiment, 'knowledgeBase');
  refuseSharedIds(knowledgeBase);
  const pairs = await rowsOf(db, experiment, 'pairs');
  const devQuestions = await rowsOf(db, experiment, 'questions', 'dev');
  const testQuestions = await rowsOf(db, experiment, 'questions', 'test');
  const foldCase = await modelFoldsCase(db, experiment);
  const split = splitData({ experiment, pairs, knowledgeBase, devQuestions, testQuestions, foldCase });
  const removesNearDuplicates = experiment.split.removeNearDuplicates === true && !hasListedBatches(experiment);
  const nearDuplicates =
    findNearDuplicates || removesNearDuplicates
      ? await nearDuplicatesOfTest({ pairs, rows: split.trainRows, test: split.test, foldCase }, progress)
      : [];
  const removed = new Set(removesNearDuplicates ? nearDuplicates.map(({ row }) => row) : []);
  const trainRows = split.trainRows.filter((row) => !removed.has(row));
  return { pairs, knowledgeBase, split, nearDuplicates, removesNearDuplicates, trainRows };
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
