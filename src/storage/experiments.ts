import { guard, type Database } from './database';
import type { StoredExperiment } from './schema';

export async function putExperiment(db: Database, experiment: StoredExperiment): Promise<void> {
  await guard(() => db.put('experiments', experiment));
}

export function getExperiment(db: Database, experimentId: string): Promise<StoredExperiment | undefined> {
  return db.get('experiments', experimentId);
}

/** The one changed last comes first. */
export async function listExperiments(db: Database): Promise<StoredExperiment[]> {
  return (await db.getAllFromIndex('experiments', 'updatedAt')).reverse();
}

/** Removes the experiment alone: its runs are removed by `deleteRun`. */
export async function deleteExperiment(db: Database, experimentId: string): Promise<void> {
  await guard(() => db.delete('experiments', experimentId));
}
