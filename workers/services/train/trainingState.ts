import { AppError } from '../../../src/domain/errors';
import { stageLayout } from '../../../src/domain/train/lora';
import { loadNewestCheckpoint, weightsOfCheckpoint } from '../../../src/storage/checkpoints';
import type { CheckpointManifest } from '../../../src/storage/schema';
import { AdamWState } from '../../engine/model/adamWState';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { WeightAverage } from '../../engine/model/weightAverage';
import type { RunSessionOnDevice } from './runSession';
import { stageOfStep } from './stageOfStep';
import { loadAverage, loadMoments, reloadWeights } from './weightTransfer';

/** Everything but the weights that changes from step to step. A checkpoint stores all of it. */
export interface TrainingState {
  step: number;
  /** The stage of `adamW` and of the adapters on the device. */
  stage: number;
  loop: CheckpointManifest['loopState'];
  adamW: AdamWState;
  /** The average that the stage keeps of its weights, until it ends. */
  average?: WeightAverage;
}

/** Returns the state to train from: the newest intact checkpoint, or the base model at step 0. */
export async function trainingState(
  session: RunSessionOnDevice,
  parameters: ParameterStore,
  batches: readonly (readonly number[][])[],
): Promise<TrainingState> {
  const { record } = session;
  const resumed = await loadNewestCheckpoint(session.db, record.runId, (checkpoint) =>
    loadState(session, parameters, batches, checkpoint),
  );
  if (resumed || record.step > 0)
    await session.log.flushWith({ type: 'resumed', step: resumed?.step ?? 0, reached: record.step });
  if (resumed) return resumed;
  parameters.beginStage(0);
  const loop = { bestDev: null, bestStep: null, elapsedMs: 0 };
  const ema = session.experiment.stages[0]?.ema;
  const average = ema && new WeightAverage(parameters, 0, ema.decay);
  return { step: 0, stage: 0, loop, adamW: new AdamWState(parameters), ...(average ? { average } : {}) };
}

async function loadState(
  { db, experiment, model }: RunSessionOnDevice,
  parameters: ParameterStore,
  batches: readonly (readonly number[][])[],
  checkpoint: CheckpointManifest,
): Promise<TrainingState> {
  const weights = weightsOfCheckpoint(checkpoint);
  const { step, loopState, averaged = false, runId, generation } = checkpoint;
  const { stage, isEnd } = stageOfStep(step, batches);
  const hasEnded = isEnd || (loopState.stopped ?? false);
  const choice = experiment.stages[stage];
  const ema = hasEnded ? undefined : choice?.ema;
  if (averaged !== (ema !== undefined)) throw new AppError({ kind: 'checkpoint-corrupt', runId, generation });
  parameters.beginStage(stage, hasEnded);
  const layout = choice ? stageLayout(model, choice) : model;
  await reloadWeights(db, layout, weights, parameters);
  const adamW = await loadMoments(db, layout, weights, parameters, stage);
  const state = { step, stage, loop: { ...loopState }, adamW };
  if (!ema) return state;
  try {
    return { ...state, average: await loadAverage(db, layout, weights, parameters, { stage, decay: ema.decay }) };
  } catch (thrown) {
    adamW.dispose();
    throw thrown;
  }
}
