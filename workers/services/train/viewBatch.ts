import type { BatchView } from '../../../src/protocol/gpuApi';
import type { Database } from '../../../src/storage/database';
import { preparedData } from '../split/preparedData';
import { rowsOfStage } from '../../../src/domain/train/trainRows';
import { stageBatches } from './stageBatches';
import { storedExperiment } from './storedExperiment';

/** Returns the texts of one step's batch. They depend only on data, batching and seed, so no run is needed. */
export async function viewBatch(db: Database, experimentId: string, step: number): Promise<BatchView> {
  const experiment = await storedExperiment(db, experimentId);
  const data = await preparedData(db, experiment);
  const stages = (await stageBatches(db, experiment, data)).map((batches, index) => ({
    batches,
    rows: rowsOfStage(experiment.stages[index] ?? {}, data),
  }));
  const [found] = stages.flatMap(({ batches, rows }) => batches.map((batch) => ({ batch, rows }))).slice(step);
  const rows = (found?.batch ?? []).flatMap((row) => {
    const pair = found?.rows[row];
    if (!pair) return [];
    const { id: pairId, anchor, positive, score } = pair;
    return [{ pairId, anchor, positive, ...(score === undefined ? {} : { score }) }];
  });
  return { step, rows };
}
