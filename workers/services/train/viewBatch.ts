import type { BatchView } from '../../../src/protocol/gpuApi';
import type { Database } from '../../../src/storage/database';
import { batchesOfStep } from '../../../src/domain/train/batchingSchema';
import { preparedData } from '../split/preparedData';
import { stageBatches } from './stageBatches';
import { storedExperiment } from './storedExperiment';

/** Returns the texts of one step. They depend only on data, batching and seed, so no run is needed. */
export async function viewBatch(db: Database, experimentId: string, step: number): Promise<BatchView> {
  const experiment = await storedExperiment(db, experimentId);
  const data = await preparedData(db, experiment);
  const steps = (await stageBatches(db, experiment, data)).flatMap((batches, i) =>
    batches.map((rows) => ({ rows, stage: experiment.stages[i] })),
  );
  const { rows: batch = [], stage } = steps[step] ?? {};
  const [first = batch] = stage ? batchesOfStep(batch, stage.batching) : [];
  const rows = batch.flatMap((row) => {
    const pair = data.pairs[row];
    return pair ? [{ pairId: pair.id, anchor: pair.anchor, positive: pair.positive }] : [];
  });
  return { step, batchSize: first.length, rows };
}
