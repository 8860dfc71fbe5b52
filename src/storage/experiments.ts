import { guard, type Database } from './database';
import type { StoredExperiment } from './schema';

export async function putExperiment(db: Database, experiment: StoredExperiment): Promise<void> {
  await guard(() => db.put('experiments', experiment));
}

/**
 * Stores an experiment unless another tab has changed it since the version of `savedAt` (its `updatedAt`). In that case
 * stores nothing and returns the other tab's version, else null.
 */
export function replaceExperiment(
  db: Database,
  experiment: StoredExperiment,
  savedAt: number,
): Promise<StoredExperiment | null> {
  return guard(async () => {
    const transaction = db.transaction('experiments', 'readwrite');
    const other = await transaction.store.get(experiment.experimentId);
    const changed = other !== undefined && other.updatedAt !== savedAt;
    if (!changed) await transaction.store.put(experiment);
    await transaction.done;
    return changed ? other : null;
  });
}

export function getExperiment(db: Database, experimentId: string): Promise<StoredExperiment | undefined> {
  return db.get('experiments', experimentId);
}

/** Returns all experiments, most recently changed first. */
export async function listExperiments(db: Database): Promise<StoredExperiment[]> {
  return (await db.getAllFromIndex('experiments', 'updatedAt')).reverse();
}

/** Deletes only the experiment itself. Delete its runs with `deleteRun`. */
export async function deleteExperiment(db: Database, experimentId: string): Promise<void> {
  await guard(() => db.delete('experiments', experimentId));
}
