import { guard, type Database } from './database';
import type { StoredExperiment } from './schema';

export async function putExperiment(db: Database, experiment: StoredExperiment): Promise<void> {
  await guard(() => db.put('experiments', experiment));
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
