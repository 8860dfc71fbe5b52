import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { trainsOn, type Experiment } from '../../../src/domain/experiment';
import {
  encodedText,
  type DataRole,
  type Pair,
  type Passage,
  type QuestionPart,
  type RowOf,
  type ScoredPair,
} from '../../../src/domain/records';
import type { Overlap } from '../../../src/domain/split/overlap';
import { scoredLeaksOf, splitData, type Split } from '../../../src/domain/split/splitData';
import { hasListedBatches } from '../../../src/domain/train/batchList';
import type { Progress } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { modelFoldsCase } from '../tokenize/letterCase';
import { nearDuplicatesOfTest } from './nearDuplicates';

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

/** The stored rows of an experiment, and how they are split. */
export interface StoredSplit {
  pairs: Pair[];
  knowledgeBase: Passage[];
  /**
   * The text that is encoded for each passage of the knowledge base. It includes the title if the experiment joins
   * them.
   */
  encodedTexts: string[];
  split: Split;
  /** Training pairs that are near-duplicates of a test question. Empty if they were not searched for. */
  nearDuplicates: Overlap[];
  /** Whether training skips `nearDuplicates`. A listed batch order overrides this setting of the experiment. */
  removesNearDuplicates: boolean;
  /** Rows of `pairs` that are trained on. */
  trainRows: number[];
  /** Empty if no stage trains on them. */
  scoredPairs: ScoredPair[];
  /** Scored pairs that repeat a dev or test question in one of their sentences. Training skips them. */
  scoredLeaks: Overlap[];
  /** Rows of `scoredPairs` that are trained on. */
  scoredRows: number[];
}

/**
 * Reads the experiment's data and splits it. Searches for near-duplicates if the experiment removes them, or if
 * `findNearDuplicates` is set. Parts that the experiment does not list are empty.
 * @throws data-missing if a data set that the experiment lists is not stored.
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
  const allTest = [...split.test, ...split.unanswered.test];
  const removesNearDuplicates = experiment.split.removeNearDuplicates === true && !hasListedBatches(experiment);
  const nearDuplicates =
    findNearDuplicates || removesNearDuplicates
      ? await nearDuplicatesOfTest({ pairs, rows: split.trainRows, test: allTest, foldCase }, progress)
      : [];
  const removed = new Set(removesNearDuplicates ? nearDuplicates.map(({ row }) => row) : []);
  const trainRows = split.trainRows.filter((row) => !removed.has(row));
  const scoredPairs = trainsOn(experiment.stages, 'scoredPairs') ? await rowsOf(db, experiment, 'scoredPairs') : [];
  const { free: scoredRows, overlaps: scoredLeaks } = scoredLeaksOf(scoredPairs, split, foldCase);
  const scored = { scoredPairs, scoredRows, scoredLeaks };
  return { pairs, knowledgeBase, encodedTexts, split, nearDuplicates, removesNearDuplicates, trainRows, ...scored };
}
