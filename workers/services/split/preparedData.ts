import { AppError } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import type { DataRole, Pair, Passage, Question, QuestionPart, RowOf } from '../../../src/domain/records';
import { countPairs } from '../../../src/domain/train/runRefusal';
import { splitData } from '../../../src/domain/split/splitData';
import type { SplitCounts } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';

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
    if (seen.has(id))
      throw new AppError({ kind: 'experiment-invalid', path: 'data', found: `passage ${id} in two knowledge bases` });
    seen.add(id);
  }
}

/**
 * Reads the experiment's data and splits it. Parts that the experiment does not list are empty.
 * @throws data-missing if a data set that it lists is not stored.
 */
export async function preparedData(db: Database, experiment: Experiment): Promise<PreparedData> {
  const knowledgeBase = await rowsOf(db, experiment, 'knowledgeBase');
  refuseSharedIds(knowledgeBase);
  const pairs = await rowsOf(db, experiment, 'pairs');
  const devQuestions = await rowsOf(db, experiment, 'questions', 'dev');
  const testQuestions = await rowsOf(db, experiment, 'questions', 'test');
  const split = splitData({ experiment, pairs, knowledgeBase, devQuestions, testQuestions });
  return {
    pairs: split.trainRows.flatMap((row) => pairs[row] ?? []),
    knowledgeBase: [...knowledgeBase, ...split.extraPassages],
    dev: split.dev,
    test: split.test,
    leaks: split.leaks,
  };
}

/** Counts the pairs or questions of each part. */
export async function countSplit(db: Database, experiment: Experiment): Promise<SplitCounts> {
  const { pairs, dev, test, leaks } = await preparedData(db, experiment);
  const { passages, anchors } = countPairs(pairs);
  return {
    train: pairs.length,
    trainPassages: passages,
    trainAnchors: anchors,
    dev: dev.length,
    test: test.length,
    leaks,
  };
}
