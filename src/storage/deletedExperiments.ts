import { AppError } from '../domain/errors';
import { comparisonsOf } from './comparisons';
import { guard, withHandledEnd, type Database } from './database';
import { unlessPinned } from './pins';
import { deleteRunIn, experimentStores } from './runs';
import type { StoredExperiment } from './schema';

/** Marks an experiment as deleted, or restores it. Its runs stay stored until `purgeExperiment`. */
async function setDeleted(db: Database, experimentId: string, deletedAt: number | undefined): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction('experiments', 'readwrite'));
    const stored = await transaction.store.get(experimentId);
    if (stored) {
      const { deletedAt: _, ...rest } = stored;
      await transaction.store.put(deletedAt === undefined ? rest : { ...rest, deletedAt });
    }
    await transaction.done;
    if (!stored) throw new AppError({ kind: 'not-found', what: 'experiment', id: experimentId });
  });
}

/** Deletes an experiment. `restoreExperiment` undoes this until the space is needed for something else. */
export function deleteExperiment(db: Database, experimentId: string): Promise<void> {
  return setDeleted(db, experimentId, Date.now());
}

export function restoreExperiment(db: Database, experimentId: string): Promise<void> {
  return setDeleted(db, experimentId, undefined);
}

/** Lists the deleted experiments that can still be restored, oldest deletion first. */
export async function listDeleted(db: Database): Promise<StoredExperiment[]> {
  const all = await db.getAll('experiments');
  return all.filter(({ deletedAt }) => deletedAt !== undefined).sort((a, b) => (a.deletedAt ?? 0) - (b.deletedAt ?? 0));
}

/**
 * Permanently deletes an experiment that is marked as deleted, with all its runs, in one transaction. Does nothing if
 * it was restored.
 */
export async function purgeExperiment(db: Database, experimentId: string): Promise<void> {
  await unlessPinned((mayDelete) =>
    guard(async () => {
      const transaction = withHandledEnd(db.transaction([...experimentStores], 'readwrite'));
      const experiments = transaction.objectStore('experiments');
      if ((await experiments.get(experimentId))?.deletedAt !== undefined) {
        const runIds = await transaction.objectStore('runs').index('experimentId').getAllKeys(experimentId);
        for (const runId of runIds) await deleteRunIn(transaction, runId, mayDelete);
        await transaction.objectStore('comparisons').delete(comparisonsOf(experimentId));
        await transaction.objectStore('speeds').delete(experimentId);
        await experiments.delete(experimentId);
      }
      await transaction.done;
    }),
  );
}

/**
 * Runs a write. Whenever the disk is full, permanently deletes the experiment that was marked as deleted first, and
 * tries again. Throws `quota-exceeded` once none is left. `write` must be safe to repeat.
 */
export async function makingRoom<T>(db: Database, write: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await guard(write);
    } catch (thrown) {
      const full = thrown instanceof AppError && thrown.details.kind === 'quota-exceeded';
      const [oldest] = full ? await listDeleted(db) : [];
      if (!oldest) throw thrown;
      await purgeExperiment(db, oldest.experimentId);
    }
  }
}
