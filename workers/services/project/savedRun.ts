import type { CheckpointManifest } from '../../../src/storage/schema';
import type { RunSnapshot } from './projectSnapshot';

/** A checkpoint to save, either whole or cut to its weights. */
export interface CheckpointToSave {
  checkpoint: CheckpointManifest;
  role: CheckpointManifest['role'];
  floats: number;
  /** Older checkpoints to save if this one is damaged, newest first. */
  instead: CheckpointManifest[];
}

/**
 * Returns the number of floats in a checkpoint's weights. In a `latest` checkpoint, moments and average follow them.
 */
export function weightFloats({ role, floats, momentFloats, averaged }: CheckpointManifest): number {
  if (role !== 'latest') return floats;
  const tables = averaged ? 3 : 2;
  return momentFloats === undefined ? floats / (1 + tables) : floats - tables * momentFloats;
}

export function isFinished({ record }: RunSnapshot): boolean {
  return record.status === 'done';
}

/**
 * Returns the checkpoints to save. With the optimizer's state, these are the newest and the best one. Without it, they
 * are the weights that a finished run keeps, or null for an unfinished run, which could not be resumed.
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
