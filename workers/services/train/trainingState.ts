import type { CheckpointManifest } from '../../../src/storage/schema';
import type { AdamWState } from '../../engine/model/adamWState';

/** What changes from step to step, besides the weights. A checkpoint stores all of it. */
export interface TrainingState {
  step: number;
  loop: CheckpointManifest['loopState'];
  adamW: AdamWState;
}
