import { AppError } from '../domain/errors';
import type { RunRecord } from '../domain/run';
import { guard, withHandledEnd, type Database } from './database';
import { weightPartsOf } from './weights';

export async function putRun(db: Database, run: RunRecord): Promise<void> {
  await guard(() => db.put('runs', run));
}

export function getRun(db: Database, runId: string): Promise<RunRecord | undefined> {
  return db.get('runs', runId);
}

/** Returns the experiment's runs, newest first. */
export async function listRuns(db: Database, experimentId: string): Promise<RunRecord[]> {
  const runs = await db.getAllFromIndex('runs', 'experimentId', experimentId);
  return runs.sort((a, b) => b.createdAt - a.createdAt);
}

/** Updates some fields of a run's record in one transaction. */
export async function updateRun(db: Database, runId: string, patch: Partial<RunRecord>): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction('runs', 'readwrite'));
    const run = await transaction.store.get(runId);
    if (!run) throw new AppError({ kind: 'not-found', what: 'run', id: runId });
    await transaction.store.put({ ...run, ...patch });
    await transaction.done;
  });
}

/** Deletes a run with its events, checkpoints, weights and evaluations. Deletes all or, on failure, nothing. */
export async function deleteRun(db: Database, runId: string): Promise<void> {
  await guard(async () => {
    const stores = ['runs', 'runEvents', 'checkpoints', 'weightParts', 'evaluations'] as const;
    const transaction = withHandledEnd(db.transaction(stores, 'readwrite'));
    const checkpoints = transaction.objectStore('checkpoints');
    const numbered = IDBKeyRange.bound([runId, -Infinity], [runId, Infinity]);
    for (const { weightsId } of await checkpoints.getAll(numbered))
      await transaction.objectStore('weightParts').delete(weightPartsOf(weightsId));
    await checkpoints.delete(numbered);
    await transaction.objectStore('runEvents').delete(numbered);
    await transaction
      .objectStore('evaluations')
      .delete(IDBKeyRange.bound([runId, '', ''], [runId, '\uffff', '\uffff']));
    await transaction.objectStore('runs').delete(runId);
    await transaction.done;
  });
}
