import { AppError, toAppError } from '../../../src/domain/errors';
import type { RunEvent, RunRecord } from '../../../src/domain/run';
import { deleteCheckpoints, keptCheckpoint } from '../../../src/storage/checkpoints';
import type { Database } from '../../../src/storage/database';
import { getRun, updateRun } from '../../../src/storage/runs';
import { closeDevice, deviceEngine, openDevice } from '../device/openDevice';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import { trainedBy } from '../../../src/domain/train/trainedParameters';
import { adapterPlans } from './adapterPlans';
import { refuseWrongMixed } from '../deviceCheck/verdicts';
import { alarmWatchOf } from './alarmWatchOf';
import { between, evaluateDev, evaluateMoment } from './evaluateRun';
import { fixKernelPlan, giveUpTuning } from './fixKernelPlan';
import { refuseMissingPrecision } from './refuseRun';
import { isSameDevice, deviceLossBehind, reopenDevice } from '../device/deviceRecovery';
import { frozenTargets } from './guides';
import { noteBuild } from './noteBuild';
import type { RunControl } from './runControl';
import { RunLog } from './runLog';
import { openRunSession, type RunSessionOnDevice } from './runSession';
import { tokensInStage } from './runTokens';
import { prepareKernels } from './prepareKernels';
import { stageOfStep } from './stageOfStep';
import { planStages } from './stageBatches';
import { trainModel, type TrainingDeps } from './trainModel';
import { trainingState } from './trainingState';
import { loadBase, weightsSha256, reloadWeights } from './weightTransfer';

export interface RunDeps {
  db: Database;
  control: RunControl;
  /** Version and source hash of the app. */
  build: string;
  /** Base URL of the engine's wasm modules. */
  wasmBaseUrl: string;
  onEvents: (events: RunEvent[]) => void;
}

/** A run whose weights are on the device. */
interface OpenRun extends Pick<TrainingDeps, 'session' | 'batches' | 'leftOut'> {
  parameters: ParameterStore;
  /** Steps of all stages. */
  steps: number;
}

/**
 * Executes a run from its stored state until it finishes, is cancelled or fails. Stores the error of a failed run and
 * throws it.
 */
export async function runExperiment(deps: RunDeps, runId: string): Promise<void> {
  const record = await getRun(deps.db, runId);
  if (!record) throw new AppError({ kind: 'not-found', what: 'run', id: runId });
  const log = await RunLog.open(deps.db, runId, deps.onEvents, await alarmWatchOf(deps.db, record));
  try {
    await log.status('running');
    // A run that was killed between its last phase and its final status has nothing left to compute. A trial may
    // already have deleted its checkpoints.
    if (record.phase !== 'done') await onDevices(deps, record, log);
    if (record.trial) await deleteCheckpoints(deps.db, runId);
    await log.status('done');
  } catch (thrown) {
    const error = toAppError(thrown);
    await log.status(error.details.kind === 'cancelled' ? 'cancelled' : 'failed', error.details);
    if (error.details.kind !== 'cancelled') throw error;
  } finally {
    try {
      await log.close();
    } finally {
      closeDevice();
    }
  }
}

/**
 * Executes the run on one device after another: after each device loss, resumes it from storage on a reopened device.
 * Gives up if losses repeat without progress in between.
 */
async function onDevices({ db, control, build, wasmBaseUrl }: RunDeps, record: RunRecord, log: RunLog): Promise<void> {
  const { runId } = record;
  let device = await openDevice(record.devicePreference, wasmBaseUrl);
  let before = record.device ?? device;
  const session = await openRunSession(db, record, control, log);
  await noteBuild(db, record, build, log);
  for (let losses = record.deviceLosses ?? 0; ;) {
    log.append({ type: 'device', device });
    try {
      const engine = deviceEngine();
      // A reopened device may differ from the one that the run was planned for.
      refuseMissingPrecision(record.experiment, {
        half: engine.hasHalf ?? false,
        matrices: (engine.traits.matrixUnits ?? []).length > 0,
      });
      await refuseWrongMixed(db, record.experiment, record.devicePreference);
      const moved = !isSameDevice(before, device);
      const current = (await getRun(db, runId)) ?? record;
      return await runThroughPhases({ ...session, record: current, engine, device }, moved);
    } catch (thrown) {
      const loss = await deviceLossBehind(thrown);
      const lost = loss?.details.kind === 'gpu-device-lost' ? loss.details : null;
      const failure = loss ?? toAppError(thrown);
      if (!giveUpTuning(session.tuning, failure) && !lost) throw thrown;
      if (lost) {
        await log.flushWith({ type: 'deviceLost', reason: lost.reason });
        await updateRun(db, runId, { deviceLosses: (losses += 1) });
      }
      if (!session.recovery.mayGoOn()) throw failure;
      before = device;
      device = await reopenDevice(before, wasmBaseUrl, failure);
      if (isSameDevice(before, device)) continue;
      session.recovery.forgetVectors();
      session.guideVectors.clear();
      session.teacherScores.clear();
    }
  }
}

async function enterPhase(session: RunSessionOnDevice, phase: RunRecord['phase']): Promise<void> {
  await session.log.flushWith({ type: 'phase', phase });
  await updateRun(session.db, session.record.runId, { phase });
}

/** Plans the batches, fixes the kernel plan, and loads the base model while its kernels compile. */
async function openRun(opened: RunSessionOnDevice, moved: boolean): Promise<OpenRun> {
  const { db, model, record, engine, experiment } = opened;
  const plans = await planStages(db, experiment, opened.data);
  const batches = plans.map((plan) => plan.batches);
  const steps = batches.reduce((sum, stage) => sum + stage.length, 0);
  const leftOut = plans.map((plan) => plan.leftOut);
  if (record.kernelPlan === '') opened.log.append({ type: 'batchPlan', steps, leftOut });
  await updateRun(db, record.runId, { steps, leftOut });
  await fixKernelPlan(opened, batches, moved, between(opened, 'tune', 'tune'));
  // Frees the buffers used for tuning. Otherwise the weights, which stay for the whole run, could occupy oversized
  // buffers.
  releaseIdleMemory(engine);
  const session: RunSessionOnDevice = { ...opened, ...(await frozenTargets(opened, batches)) };
  const progress = (done: number, of: number): void => session.log.progress('load', done, of);
  const adapters = { adapterPlans: adapterPlans(experiment, model), seed: experiment.seed };
  const [parameters] = await Promise.all([
    loadBase(engine, db, model, progress, experiment.stages.map(trainedBy), adapters),
    prepareKernels(session, batches),
  ]);
  return { session, parameters, batches, steps, leftOut };
}

async function runThroughPhases(opened: RunSessionOnDevice, moved: boolean): Promise<void> {
  const run = await openRun(opened, moved);
  const { session, parameters } = run;
  try {
    await enterPhase(session, 'evaluateBefore');
    await evaluateMoment(session, parameters, 'before');
    // Frees the encoder's buffers. Otherwise AdamW's moments, which stay until training ends, could occupy oversized
    // buffers.
    releaseIdleMemory(session.engine);
    await enterPhase(session, 'train');
    await train(run);
    releaseIdleMemory(session.engine);
    await enterPhase(session, 'evaluateAfter');
    await evaluateKept(session, parameters);
    await session.log.flushWith({ type: 'phase', phase: 'done' });
  } finally {
    parameters.dispose();
  }
}

async function train({ session, parameters, batches, steps, leftOut }: OpenRun): Promise<void> {
  const state = await trainingState(session, parameters, batches);
  const evaluate: TrainingDeps['evaluateDev'] = (step, onPause) => {
    const tokens = tokensInStage(session, stageOfStep(step, batches).stage);
    return evaluateDev(session, parameters, { step, tokens }, onPause);
  };
  try {
    if (state.step < steps || state.loop.devPending)
      await trainModel({ session, batches, leftOut, evaluateDev: evaluate }, parameters, state);
    if (state.loop.stopped) await updateRun(session.db, session.record.runId, { stoppedStep: state.step });
  } finally {
    state.adamW.dispose();
    state.average?.dispose();
  }
}

/** Evaluates the weights of the kept checkpoint and stores their hash. */
async function evaluateKept(session: RunSessionOnDevice, parameters: ParameterStore): Promise<void> {
  const { db, model, record } = session;
  const kept = await keptCheckpoint(db, record.runId);
  parameters.dropAdapters(); // the kept weights include them
  await reloadWeights(db, model, kept.weights, parameters);
  await evaluateMoment(session, parameters, 'after');
  const hash = await weightsSha256(model.tensors, parameters);
  const end = { weightsSha256: hash, keptStep: kept.step, phase: 'done', finishedAt: Date.now() } as const;
  await updateRun(db, record.runId, end);
}
