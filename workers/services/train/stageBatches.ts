import type { Experiment } from '../../../src/domain/experiment';
import { planBatches } from '../../../src/domain/train/planBatches';
import { getBatchList } from '../../../src/storage/batchLists';
import type { Database } from '../../../src/storage/database';
import type { PreparedData } from '../split/preparedData';

/** Returns the batches of every stage as rows of the training pairs: [stage][step][row]. */
export async function stageBatches(db: Database, experiment: Experiment, data: PreparedData): Promise<number[][][]> {
  const plans: number[][][] = [];
  for (const [index, stage] of experiment.stages.entries()) {
    const listed = stage.batching.kind === 'listed' ? await getBatchList(db, stage.batching.sha256) : undefined;
    plans.push(
      planBatches({
        pairs: data.pairs,
        stage,
        stageIndex: index,
        seed: experiment.seed,
        ...(listed ? { listed } : {}),
      }),
    );
  }
  return plans;
}
