import { guard, type Database } from './database';
import type { StoredExperiment } from './schema';

/** Stores an experiment. One that is deleted stays deleted, in case another tab still shows and saves it. */
export async function putExperiment(db: Database, experiment: StoredExperiment): Promise<void> {
  await guard(async () => {
    const transaction = db.transaction('experiments', 'readwrite');
    const { deletedAt } = (await transaction.store.get(experiment.experimentId)) ?? {};
    await transaction.store.put(deletedAt === undefined ? experiment : { ...experiment, deletedAt });
    await transaction.done;
  });
}

/** Returns undefined for a deleted experiment. */
export async function getExperiment(db: Database, experimentId: string): Promise<StoredExperiment | undefined> {
  const stored = await db.get('experiments', experimentId);
  return stored?.deletedAt === undefined ? stored : undefined;
}

/** Returns all experiments but the deleted ones, most recently changed first. */
export async function listExperiments(db: Database): Promise<StoredExperiment[]> {
  const all = await db.getAllFromIndex('experiments', 'updatedAt');
  return all.filter(({ deletedAt }) => deletedAt === undefined).reverse();
}
