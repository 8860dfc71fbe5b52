import type { BatchView } from '../../../src/protocol/gpuApi';
import type { Database } from '../../../src/storage/database';
import { preparedData } from '../split/preparedData';
import { stageBatches } from './stageBatches';
import { storedExperiment } from './storedExperiment';

/** Returns the texts of one step's batch. They depend only on data, batching and seed, so no run is needed. */
export async function viewBatch(db: Database, experimentId: string, step: number): Promise<BatchView> {
  const experiment = await storedExperiment(db, experimentId);
  const data = await preparedData(db, experiment);
  const batch = (await stageBatches(db, experiment, data)).flat()[step] ?? [];
  const rows = batch.flatMap((row) => {
    const pair = data.pairs[row];
    return pair ? [{ pairId: pair.id, anchor: pair.anchor, positive: pair.positive }] : [];
  });
  return { step, rows };
}
