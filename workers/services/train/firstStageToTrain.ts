import type { Database } from '../../../src/storage/database';
import { resumableSteps } from '../../../src/storage/checkpoints';

/**
 * Returns the first stage that a run may still train, whichever of its checkpoints it resumes from, or the number of
 * stages if there is nothing left to train.
 */
export async function firstStageToTrain(
  db: Database,
  runId: string,
  batches: readonly (readonly number[][])[],
): Promise<number> {
  const resumable = await resumableSteps(db, runId);
  if (resumable.length === 0) return 0;
  return Math.min(...resumable.map(({ step, stopped }) => (stopped ? batches.length : stageAfter(step, batches))));
}

/** Returns the stage of the next step, or the number of stages after the last step. */
function stageAfter(step: number, batches: readonly (readonly number[][])[]): number {
  let end = 0;
  const stage = batches.findIndex((ofStage) => step < (end += ofStage.length));
  return stage < 0 ? batches.length : stage;
}
