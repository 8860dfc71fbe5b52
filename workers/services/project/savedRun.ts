import type { CheckpointManifest } from '../../../src/storage/schema';
import type { RunSnapshot } from './projectSnapshot';

/** A checkpoint to save, as it is or cut to its weights. */
export interface CheckpointToSave {
  checkpoint: CheckpointManifest;
  role: CheckpointManifest['role'];
  floats: number;
  /** Older checkpoints to save instead, newest first, if this one is damaged. */
  instead: CheckpointManifest[];
}

/** Number of floats of a checkpoint's weights: a `latest` one holds two moments of the same size after them. */
export function weightFloats({ role, floats }: CheckpointManifest): number {
  return role === 'latest' ? floats / 3 : floats;
}

export function isFinished({ record }: RunSnapshot): boolean {
  return record.status === 'done';
}

/**
 * Returns the checkpoints to save: with the optimizer's state the newest and the best one, without it the weights that
 * a finished run keeps, and null for an unfinished run, which could not be resumed.
 */
export function checkpointsToSave(run: RunSnapshot, optimizerState: boolean): CheckpointToSave[] | null {
  const of = (role: CheckpointManifest['role']): CheckpointManifest[] =>
    run.checkpoints.filter((checkpoint) => checkpoint.role === role).reverse();
  const [kept] = of('kept');
  const [best] = of('best');
  const [newest, ...older] = of('latest');
  const asIs = (checkpoint: CheckpointManifest, instead: CheckpointManifest[] = []): CheckpointToSave => {
    const { role, floats } = checkpoint;
    return { checkpoint, role, floats, instead };
  };
  if (kept) return [asIs(kept)];
  if (optimizerState) return [...(newest ? [asIs(newest, older)] : []), ...(best ? [asIs(best)] : [])];
  if (!isFinished(run)) return null;
  const chosen = (run.record.experiment.evaluation.checkpoint === 'bestDev' ? best : undefined) ?? newest;
  if (!chosen) return [];
  return [{ checkpoint: chosen, role: 'kept', floats: weightFloats(chosen), instead: [] }];
}
