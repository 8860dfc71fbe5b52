import { AppError } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import {
  encodedText,
  type DataRole,
  type Pair,
  type Passage,
  type Question,
  type QuestionPart,
  type RowOf,
} from '../../../src/domain/records';
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

/** Returns the passages that a run searches, and the text that it encodes for each of them. */
async function readKnowledgeBase(
  db: Database,
  experiment: Experiment,
): Promise<Pick<StoredSplit, 'knowledgeBase' | 'encodedTexts'>> {
  const knowledgeBase: Passage[] = [];
  const encodedTexts: string[] = [];
  for (const { role, contentSha256, joinTitles = false } of experiment.data) {
    if (role !== 'knowledgeBase') continue;
    for (const passage of await readRows(db, role, contentSha256)) {
      knowledgeBase.push(passage);
      encodedTexts.push(encodedText(passage, joinTitles));
    }
  }
  refuseSharedIds(knowledgeBase);
  return { knowledgeBase, encodedTexts };
}

function refuseSharedIds(knowledgeBase: readonly Passage[]): void {
  const seen = new Set<string>();
  for (const { id } of knowledgeBase) {
    if (seen.has(id))
      throw new AppError({ kind: 'experiment-invalid', path: 'data', found: `passage ${id} in two knowledge bases` });
    seen.add(id);
  }
}

/** The stored rows of an experiment, and how they are split. */
export interface StoredSplit {
  pairs: Pair[];
  knowledgeBase: Passage[];
  /** The text that is encoded for each passage of the knowledge base: with its title, if the experiment joins them. */
  encodedTexts: string[];
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
  const { knowledgeBase, encodedTexts } = await readKnowledgeBase(db, experiment);
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
  return { pairs, knowledgeBase, encodedTexts, split, nearDuplicates, removesNearDuplicates, trainRows };
}

/**
 * Returns a function that replaces the positive of a pair by the text that is encoded for the passage. Otherwise a
 * model would be trained on passages without their titles and evaluated on passages with them. Of passages with equal
 * texts, the first decides.
 */
function withEncodedPositive({ knowledgeBase, encodedTexts }: StoredSplit): (pair: Pair) => Pair {
  const joined = new Map<string, string>();
  const seen = new Set<string>();
  for (const [index, { text }] of knowledgeBase.entries()) {
    const encoded = encodedTexts[index] ?? text;
    if (encoded !== text && !seen.has(text.trim())) joined.set(text.trim(), encoded);
    seen.add(text.trim());
  }
  return (pair) => {
    const positive = joined.get(pair.positive.trim());
    return positive === undefined ? pair : { ...pair, positive };
  };
}

/**
 * Returns the texts that a run of the experiment trains and evaluates, as `storedSplit` divides them. Passages have the
 * text that is encoded, with their titles if the experiment joins them.
 */
export async function preparedData(db: Database, experiment: Experiment): Promise<PreparedData> {
  const stored = await storedSplit(db, experiment, false, () => undefined);
  const { pairs, knowledgeBase, encodedTexts, split, trainRows } = stored;
  const passages = knowledgeBase.map((passage, index) => ({ ...passage, text: encodedTexts[index] ?? passage.text }));
  return {
    pairs: trainRows.flatMap((row) => pairs[row] ?? []).map(withEncodedPositive(stored)),
    knowledgeBase: passages.concat(split.extraPassages),
    dev: split.dev,
    test: split.test,
    leaks: split.leaks.length,
  };
}
