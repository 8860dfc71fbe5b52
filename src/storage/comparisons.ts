import { AppError } from '../domain/errors';
import type { QuestionPart } from '../domain/records';
import { guard, withHandledEnd, type Database } from './database';
import type { StoredComparison } from './schema';

/** Returns the range of an experiment's comparisons. */
export const comparisonsOf = (experimentId: string): IDBKeyRange =>
  IDBKeyRange.bound([experimentId, ''], [experimentId, '\uffff']);

/**
 * Stores the results of a candidate. Those that only stand beside a run's do not replace results of a comparison, which
 * count as a use of the part. Throws `not-found` if the experiment was deleted meanwhile.
 */
export async function putComparison(db: Database, comparison: StoredComparison): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction(['experiments', 'comparisons'], 'readwrite'));
    const { experimentId, key, ofRun } = comparison;
    const owner = await transaction.objectStore('experiments').get(experimentId);
    const comparisons = transaction.objectStore('comparisons');
    const stays = ofRun && (await comparisons.getKey([experimentId, key])) !== undefined;
    if (owner && !stays) await comparisons.put(comparison);
    await transaction.done;
    if (!owner) throw new AppError({ kind: 'not-found', what: 'experiment', id: experimentId });
  });
}

export function getComparison(db: Database, experimentId: string, key: string): Promise<StoredComparison | undefined> {
  return db.get('comparisons', [experimentId, key]);
}

/** Returns the keys of an experiment's comparisons. */
export async function comparisonKeys(db: Database, experimentId: string): Promise<string[]> {
  return (await db.getAllKeys('comparisons', comparisonsOf(experimentId))).map(([, key]) => key);
}

/** Lists the results of an experiment's comparisons, in no particular order. */
export function listComparisons(db: Database, experimentId: string): Promise<StoredComparison[]> {
  return db.getAll('comparisons', comparisonsOf(experimentId));
}

/**
 * Counts the uses of a part among an experiment's results: none is deleted before its experiment. Keyword results that
 * only stand beside a run's are no use.
 */
export function usesOfPart(results: readonly Pick<StoredComparison, 'part' | 'ofRun'>[], part: QuestionPart): number {
  return results.filter((one) => one.part === part && !one.ofRun).length;
}
