import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { trainsOn, type Experiment, type StageData } from '../../../src/domain/experiment';
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
import { nearDuplicatesOfTest, type SearchedRow } from './nearDuplicates';

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
  /** Rows to train on that nearly repeat a test question. Empty if they were not searched for. */
  nearDuplicates: ByData<Overlap[]>;
  /** Whether training skips `nearDuplicates`. A listed batch order keeps those among the pairs despite the setting. */
  removesNearDuplicates: ByData<boolean>;
  /** Rows of `pairs` that are trained on. */
  trainRows: number[];
  /** Empty if no stage trains on them. */
  scoredPairs: ScoredPair[];
  /** Scored pairs that repeat a dev or test question in one of their sentences. Training skips them. */
  scoredLeaks: Overlap[];
  /** Rows of `scoredPairs` that are trained on. */
  scoredRows: number[];
}

type ByData<T> = Record<StageData, T>;

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
  const scoredPairs = trainsOn(experiment.stages, 'scoredPairs') ? await rowsOf(db, experiment, 'scoredPairs') : [];
  const foldCase = await modelFoldsCase(db, experiment);
  const split = splitData({ experiment, pairs, knowledgeBase, devQuestions, testQuestions, foldCase });
  const { free, overlaps: scoredLeaks } = scoredLeaksOf(scoredPairs, split, foldCase);
  const kept = { trainRows: split.trainRows, scoredRows: free };
  const removes = experiment.split.removeNearDuplicates === true;
  const removesNearDuplicates = { pairs: removes && !hasListedBatches(experiment), scoredPairs: removes };
  const test = [...split.test, ...split.unanswered.test];
  const near =
    findNearDuplicates || removes
      ? await nearDuplicatesOfTest({ rows: searchedRows(pairs, scoredPairs, kept), test, foldCase }, progress)
      : [];
  const nearDuplicates = {
    pairs: near.filter(({ from }) => from === 'train'),
    scoredPairs: near.filter(({ from }) => from === 'scored'),
  };
  return {
    ...{ pairs, knowledgeBase, encodedTexts, split, nearDuplicates, removesNearDuplicates, scoredPairs, scoredLeaks },
    trainRows: removesNearDuplicates.pairs ? rowsWithout(kept.trainRows, nearDuplicates.pairs) : kept.trainRows,
    scoredRows: removesNearDuplicates.scoredPairs
      ? rowsWithout(kept.scoredRows, nearDuplicates.scoredPairs)
      : kept.scoredRows,
  };
}

/** Returns the rows to train on with the texts that are compared with test questions. */
function searchedRows(
  pairs: readonly Pair[],
  scoredPairs: readonly ScoredPair[],
  { trainRows, scoredRows }: Pick<StoredSplit, 'trainRows' | 'scoredRows'>,
): SearchedRow[] {
  const ofPairs = trainRows.map((row): SearchedRow => {
    return { from: 'train', row, texts: [pairs[row]?.anchor ?? ''] };
  });
  const ofScored = scoredRows.map((row): SearchedRow => {
    const { sentence1 = '', sentence2 = '' } = scoredPairs[row] ?? {};
    return { from: 'scored', row, texts: [sentence1, sentence2] };
  });
  return ofPairs.concat(ofScored);
}

function rowsWithout(rows: readonly number[], overlaps: readonly Overlap[]): number[] {
  const removed = new Set(overlaps.map(({ row }) => row));
  return rows.filter((row) => !removed.has(row));
}
