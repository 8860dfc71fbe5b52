import type { Experiment } from '../../../src/domain/experiment';
import { rowsOfStage } from '../../../src/domain/train/trainRows';
import { planBatches, type BatchPlan } from '../../../src/domain/train/planBatches';
import { getBatchList } from '../../../src/storage/batchLists';
import type { Database } from '../../../src/storage/database';
import type { PreparedData } from '../split/preparedData';

/** Plans the batches of every stage. */
export async function planStages(db: Database, experiment: Experiment, data: PreparedData): Promise<BatchPlan[]> {
  const plans: BatchPlan[] = [];
  for (const [index, stage] of experiment.stages.entries()) {
    const listed = stage.batching.kind === 'listed' ? await getBatchList(db, stage.batching.sha256) : undefined;
    plans.push(
      planBatches({
        pairs: rowsOfStage(stage, data),
        stage,
        stageIndex: index,
        seed: experiment.seed,
        ...(listed ? { listed } : {}),
      }),
    );
  }
  return plans;
}

/** Returns the batches of every stage as rows of its data: [stage][step][row]. */
export async function stageBatches(db: Database, experiment: Experiment, data: PreparedData): Promise<number[][][]> {
  return (await planStages(db, experiment, data)).map(({ batches }) => batches);
}
