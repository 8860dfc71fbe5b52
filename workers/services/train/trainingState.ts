import type { CheckpointManifest } from '../../../src/storage/schema';
import type { AdamWState } from '../../engine/model/adamWState';

/** Everything but the weights that changes from step to step. A checkpoint stores all of it. */
export interface TrainingState {
  step: number;
  loop: CheckpointManifest['loopState'];
  adamW: AdamWState;
}
