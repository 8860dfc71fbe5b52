import { guard, withHandledEnd, type Database } from './database';
import { weightsIdsOf } from './models';
import { unlessPinned } from './pins';
import { deleteRunIn, runStores } from './runs';
import { weightPartsOf, type WeightsOwner } from './weightKeys';

/**
 * Deletes the owner's weights that no model or checkpoint refers to. A crash after the parts are written, but before
 * their record is, leaves such weights behind. For checkpoints, first deletes everything that belongs to a run that is
 * not stored. Call only while nothing writes weights of that owner. Does nothing while a project is being saved.
 * Returns the number of deleted ids.
 */
export async function sweepOrphanWeights(db: Database, owner: WeightsOwner): Promise<number> {
  return unlessPinned(async (mayDelete) => {
    if (!mayDelete) return 0;
    if (owner === 'checkpoint') await sweepOrphanRuns(db);
    return guard(async () => {
      const transaction = withHandledEnd(db.transaction(['checkpoints', 'models', 'weightParts'], 'readwrite'));
      const named = new Set<string>();
      for (const { weightsId } of await transaction.objectStore('checkpoints').getAll()) named.add(weightsId);
      for (const weightsId of (await transaction.objectStore('models').getAll()).flatMap(weightsIdsOf))
        named.add(weightsId);
      const found = new Set((await transaction.objectStore('weightParts').getAllKeys()).map(([id]) => id));
      const orphans = [...found].filter((weightsId) => weightsId.startsWith(`${owner}-`) && !named.has(weightsId));
      for (const weightsId of orphans) await transaction.objectStore('weightParts').delete(weightPartsOf(weightsId));
      await transaction.done;
      return orphans.length;
    });
  });
}

/** Deletes checkpoints, events and evaluations whose run is not stored. */
async function sweepOrphanRuns(db: Database): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction([...runStores], 'readwrite'));
    const known = new Set(await transaction.objectStore('runs').getAllKeys());
    const owners = new Set<string>();
    for (const [runId] of await transaction.objectStore('checkpoints').getAllKeys()) owners.add(runId);
    for (const [runId] of await transaction.objectStore('evaluations').getAllKeys()) owners.add(runId);
    // There may be very many events, so this jumps from one run to the next.
    let event = await transaction.objectStore('runEvents').openKeyCursor();
    while (event) {
      const [runId] = event.key;
      owners.add(runId);
      event = await event.continue([runId, Infinity]);
    }
    for (const runId of owners) if (!known.has(runId)) await deleteRunIn(transaction, runId, true);
    await transaction.done;
  });
}

/** Deletes rows whose data set is not stored. Call only while no data set is imported. */
export async function sweepOrphanBlocks(db: Database): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction(['datasets', 'datasetBlocks'], 'readwrite'));
    const known = new Set(await transaction.objectStore('datasets').getAllKeys());
    const blocks = transaction.objectStore('datasetBlocks');
    for (const key of await blocks.getAllKeys()) if (!known.has(key[0])) await blocks.delete(key);
    await transaction.done;
  });
}
