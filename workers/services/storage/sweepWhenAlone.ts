import { datasetImportLock, runLockPrefix, weightsImportLock } from '../../../src/protocol/locks';
import type { Database } from '../../../src/storage/database';
import { sweepOrphanBlocks, sweepOrphanWeights } from '../../../src/storage/sweep';

/**
 * Deletes leftovers of crashes and closed tabs. Spares weights while another tab is training, importing a model or
 * opening a project, and rows while a data set is imported, because their records are written last. `ownRuns` is the
 * number of run locks that this worker holds.
 */
export async function sweepWhenAlone(db: Database, ownRuns: 0 | 1): Promise<void> {
  await navigator.locks.request(weightsImportLock, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    const { held = [] } = await navigator.locks.query();
    if (held.filter(({ name }) => name?.startsWith(runLockPrefix)).length === ownRuns)
      await sweepOrphanWeights(db, 'checkpoint');
    if (ownRuns > 0) return;
    await sweepOrphanWeights(db, 'model');
    await navigator.locks.request(datasetImportLock, { ifAvailable: true }, async (alone) => {
      if (alone) await sweepOrphanBlocks(db);
    });
  });
}
