import type { IDBPTransaction } from 'idb';
import { AppError } from '../domain/errors';
import type { RunRecord } from '../domain/run';
import { guard, withHandledEnd, type Database } from './database';
import { unlessPinned } from './pins';
import type { RecallsmithSchema } from './schema';
import { weightPartsOf } from './weightKeys';

export async function putRun(db: Database, run: RunRecord): Promise<void> {
  await guard(() => db.put('runs', run));
}

/** Stores the record of a new run. Throws `not-found` if its experiment was deleted meanwhile. */
export async function addRun(db: Database, run: RunRecord): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction(['experiments', 'runs'], 'readwrite'));
    const owner = await transaction.objectStore('experiments').get(run.experimentId);
    if (owner && owner.deletedAt === undefined) await transaction.objectStore('runs').add(run);
    await transaction.done;
    if (!owner || owner.deletedAt !== undefined)
      throw new AppError({ kind: 'not-found', what: 'experiment', id: run.experimentId });
  });
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

/** The stores that hold a run, and `experiments`, which holds its owner. */
export const runStores = ['experiments', 'runs', 'runEvents', 'checkpoints', 'weightParts', 'evaluations'] as const;
/** The stores of an experiment and its runs. */
export const experimentStores = [...runStores, 'comparisons', 'speeds'] as const;
type RunTransaction = IDBPTransaction<RecallsmithSchema, (typeof experimentStores)[number][], 'readwrite'>;

/**
 * Deletes everything stored for a run, in a transaction over `runStores`: its record, events, checkpoints and
 * evaluations and, if `withWeights`, its weights.
 */
export async function deleteRunIn(transaction: RunTransaction, runId: string, withWeights: boolean): Promise<void> {
  const checkpoints = transaction.objectStore('checkpoints');
  const numbered = IDBKeyRange.bound([runId, -Infinity], [runId, Infinity]);
  if (withWeights)
    for (const { weightsId } of await checkpoints.getAll(numbered))
      await transaction.objectStore('weightParts').delete(weightPartsOf(weightsId));
  await checkpoints.delete(numbered);
  await transaction.objectStore('runEvents').delete(numbered);
  await transaction.objectStore('evaluations').delete(IDBKeyRange.bound([runId, '', ''], [runId, '\uffff', '\uffff']));
  await transaction.objectStore('runs').delete(runId);
}

/** Deletes a run with its events, checkpoints, weights and evaluations. If it fails, nothing is deleted. */
export async function deleteRun(db: Database, runId: string): Promise<void> {
  await unlessPinned((mayDelete) =>
    guard(async () => {
      const transaction = withHandledEnd(db.transaction([...runStores], 'readwrite'));
      await deleteRunIn(transaction, runId, mayDelete);
      await transaction.done;
    }),
  );
}
