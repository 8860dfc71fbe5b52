import { AppError } from '../domain/errors';
import type { QuestionPart } from '../domain/records';
import { guard, withHandledEnd, type Database } from './database';
import type { StoredComparison, StoredPairScores } from './schema';

/** Returns the key range of an experiment's comparisons. */
export const comparisonsOf = (experimentId: string): IDBKeyRange =>
  IDBKeyRange.bound([experimentId, ''], [experimentId, '\uffff']);

/**
 * Stores the results of a candidate. Results that only accompany a run never replace those of a comparison, which count
 * as a use of the part. Throws `not-found` if the experiment was deleted meanwhile.
 */
export async function putComparison(db: Database, comparison: StoredComparison | StoredPairScores): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction(['experiments', 'comparisons'], 'readwrite'));
    const { experimentId, key } = comparison;
    const ofRun = comparison.part !== 'pairs' && comparison.ofRun;
    const owner = await transaction.objectStore('experiments').get(experimentId);
    const comparisons = transaction.objectStore('comparisons');
    const stays = ofRun && (await comparisons.getKey([experimentId, key])) !== undefined;
    if (owner && !stays) await comparisons.put(comparison);
    await transaction.done;
    if (!owner) throw new AppError({ kind: 'not-found', what: 'experiment', id: experimentId });
  });
}

export async function getComparison(
  db: Database,
  experimentId: string,
  key: string,
): Promise<StoredComparison | undefined> {
  const stored = await db.get('comparisons', [experimentId, key]);
  return stored?.part === 'pairs' ? undefined : stored;
}

/** Returns the scores of pairs that are stored under a key. */
export async function getPairScores(
  db: Database,
  experimentId: string,
  key: string,
): Promise<StoredPairScores | undefined> {
  const stored = await db.get('comparisons', [experimentId, key]);
  return stored?.part === 'pairs' ? stored : undefined;
}

/** Returns the keys of an experiment's comparisons. */
export async function comparisonKeys(db: Database, experimentId: string): Promise<string[]> {
  return (await db.getAllKeys('comparisons', comparisonsOf(experimentId))).map(([, key]) => key);
}

/** Lists all results of an experiment's comparisons, in no particular order. */
export function listAllComparisons(
  db: Database,
  experimentId: string,
): Promise<(StoredComparison | StoredPairScores)[]> {
  return db.getAll('comparisons', comparisonsOf(experimentId));
}

/** Lists the scores of pairs by an experiment's candidates, in no particular order. */
export async function listPairScores(db: Database, experimentId: string): Promise<StoredPairScores[]> {
  return (await listAllComparisons(db, experimentId)).filter((stored) => stored.part === 'pairs');
}

/** Lists the results of an experiment's comparisons on questions, in no particular order. */
export async function listComparisons(db: Database, experimentId: string): Promise<StoredComparison[]> {
  return (await listAllComparisons(db, experimentId)).filter((stored) => stored.part !== 'pairs');
}

/**
 * Counts how often a part was used, from all of an experiment's results, which are deleted only with the experiment.
 * Keyword results that only accompany a run don't count.
 */
export function usesOfPart(results: readonly Pick<StoredComparison, 'part' | 'ofRun'>[], part: QuestionPart): number {
  return results.filter((one) => one.part === part && !one.ofRun).length;
}
