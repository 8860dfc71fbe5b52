import type { CheckpointManifest } from '../../../src/storage/schema';
import type { AdamWState } from '../../engine/model/adamWState';

/** Everything but the weights that changes from step to step. A checkpoint stores all of it. */
export interface TrainingState {
  step: number;
  /** The stage that `adamW` and the adapters on the device belong to. */
  stage: number;
  loop: CheckpointManifest['loopState'];
  adamW: AdamWState;
}
