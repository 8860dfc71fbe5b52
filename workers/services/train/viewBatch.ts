import type { BatchView } from '../../../src/protocol/gpuApi';
import type { Database } from '../../../src/storage/database';
import { batchesOfStep } from '../../../src/domain/train/batchingSchema';
import { negativesOfStages } from '../negatives/stageNegatives';
import { preparedData } from '../split/preparedData';
import { rowsOfStage } from '../../../src/domain/train/trainRows';
import { stageBatches } from './stageBatches';
import { negativesOf } from './stepBatch';
import { storedExperiment } from './storedExperiment';

/** Returns the texts of one step. They depend only on data, batching and seed, so no run is needed. */
export async function viewBatch(db: Database, experimentId: string, step: number): Promise<BatchView> {
  const experiment = await storedExperiment(db, experimentId);
  const data = await preparedData(db, experiment);
  const steps = (await stageBatches(db, experiment, data)).flatMap((batches, stage) =>
    batches.map((batch) => ({ batch, stage })),
  );
  const { batch = [], stage = 0 } = steps[step] ?? {};
  const { batching } = experiment.stages[stage] ?? {};
  const [first = batch] = batching ? batchesOfStep(batch, batching) : [];
  const negatives = (await negativesOfStages(db, experiment, data))[stage];
  const pairs = rowsOfStage(experiment.stages[stage] ?? {}, data);
  const rows = batch.flatMap((row) => {
    const pair = pairs[row];
    const own = negatives ? negativesOf([row], negatives).map((index) => negatives.pool[index] ?? '') : [];
    if (!pair) return [];
    const { id: pairId, anchor, positive, score } = pair;
    return [{ pairId, anchor, positive, negatives: own, ...(score === undefined ? {} : { score }) }];
  });
  return { step, batchSize: first.length, rows };
}
