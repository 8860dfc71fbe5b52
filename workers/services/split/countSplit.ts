import type { Experiment } from '../../../src/domain/experiment';
import type { Overlap } from '../../../src/domain/split/overlap';
import { rowsWithoutPassage } from '../../../src/domain/split/splitData';
import { hasListedBatches } from '../../../src/domain/train/batchList';
import { countPairs } from '../../../src/domain/train/pairCounts';
import { cutAt } from '../../../src/domain/wellFormed';
import type { Progress, SplitCounts, UnknownAnswer } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { storedSplit } from './storedSplit';

/** Limit on the rows listed per kind. All of them are counted. */
const listedPerKind = 1000;
const longestText = 300;

function cut(text: string): string {
  if (text.length <= longestText) return text;
  return `${cutAt(text, longestText)}…`;
}

function listed(overlaps: readonly Overlap[]): Overlap[] {
  return overlaps
    .slice(0, listedPerKind)
    .map((overlap) => ({ ...overlap, text: cut(overlap.text), question: cut(overlap.question) }));
}

/**
 * Counts the pairs or questions of each part, and lists the questions that parts share and the answers that are not in
 * the knowledge base.
 */
export async function countSplit(db: Database, experiment: Experiment, progress: Progress): Promise<SplitCounts> {
  const found = await storedSplit(db, experiment, true, progress);
  const { pairs, split, nearDuplicates, removesNearDuplicates: removes, trainRows } = found;
  const exact = split.leaks.filter(({ kind }) => kind === 'exact');
  const normalised = split.leaks.filter(({ kind }) => kind === 'normalised');
  const unknown = rowsWithoutPassage(trainRows, pairs, found.knowledgeBase);
  const unknownAnswers = unknown.slice(0, listedPerKind).map((row): UnknownAnswer => {
    const { anchor = '', positive = '' } = pairs[row] ?? {};
    return { row, anchor: cut(anchor), positive: cut(positive) };
  });
  const { passages, anchors } = countPairs(trainRows.flatMap((row) => pairs[row] ?? []));
  return {
    train: trainRows.length,
    trainPassages: passages,
    trainAnchors: anchors,
    scored: found.scoredRows.length,
    scoredLeaks: found.scoredLeaks.length,
    dev: split.dev.length,
    test: split.test.length,
    unanswered: { dev: split.unanswered.dev.length, test: split.unanswered.test.length },
    leaks: { exact: exact.length, normalised: normalised.length },
    listedBatches: hasListedBatches(experiment),
    devInTest: split.devInTest.length,
    nearDuplicates: { count: nearDuplicates.pairs.length, removed: removes.pairs },
    scoredNearDuplicates: { count: nearDuplicates.scoredPairs.length, removed: removes.scoredPairs },
    unknownAnswers: unknown.length,
    listed: {
      overlaps: [
        ...[split.devInTest, exact, normalised, nearDuplicates.pairs],
        ...[found.scoredLeaks, nearDuplicates.scoredPairs],
      ].flatMap(listed),
      unknownAnswers,
    },
  };
}
