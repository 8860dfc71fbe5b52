import { guard, withHandledEnd, type Database } from './database';
import type { StoredExperiment } from './schema';

function keepingDeletion(experiment: StoredExperiment, stored: StoredExperiment | undefined): StoredExperiment {
  return stored?.deletedAt === undefined ? experiment : { ...experiment, deletedAt: stored.deletedAt };
}

/** Stores an experiment. A deleted experiment stays deleted, even if another tab still shows and saves it. */
export async function putExperiment(db: Database, experiment: StoredExperiment): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction('experiments', 'readwrite'));
    await transaction.store.put(keepingDeletion(experiment, await transaction.store.get(experiment.experimentId)));
    await transaction.done;
  });
}

/**
 * Stores an experiment unless another tab has changed it since the version of `savedAt` (its `updatedAt`). In that
 * case, stores nothing and returns the other tab's version; otherwise returns null. A deleted experiment stays deleted.
 */
export function replaceExperiment(
  db: Database,
  experiment: StoredExperiment,
  savedAt: number,
): Promise<StoredExperiment | null> {
  return guard(async () => {
    const transaction = withHandledEnd(db.transaction('experiments', 'readwrite'));
    const other = await transaction.store.get(experiment.experimentId);
    const changed = other !== undefined && other.updatedAt !== savedAt;
    if (!changed) await transaction.store.put(keepingDeletion(experiment, other));
    await transaction.done;
    return changed ? other : null;
  });
}

/** Returns the experiment, or undefined if it is deleted. */
export async function getExperiment(db: Database, experimentId: string): Promise<StoredExperiment | undefined> {
  const stored = await db.get('experiments', experimentId);
  return stored?.deletedAt === undefined ? stored : undefined;
}

/** Returns all experiments except the deleted ones, most recently changed first. */
export async function listExperiments(db: Database): Promise<StoredExperiment[]> {
  const all = await db.getAllFromIndex('experiments', 'updatedAt');
  return all.filter(({ deletedAt }) => deletedAt === undefined).reverse();
}
