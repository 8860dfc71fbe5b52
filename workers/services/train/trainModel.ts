import { AppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { beatsBestDev } from '../../../src/domain/train/bestDev';
import { prefixOf } from '../../../src/domain/train/prefix';
import { firstLossScale } from '../../../src/domain/train/lossScale';
import { usesHalf, type Stage } from '../../../src/domain/experiment';
import type { DevEvaluation } from '../../../src/domain/run';
import { devInterval, devIsDue } from '../../../src/domain/train/devPlan';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import { AdamWState } from '../../engine/model/adamWState';
import { plannedMatrixUnits } from '../../engine/matrixUnits';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { WeightAverage } from '../../engine/model/weightAverage';
import type { Loss } from '../../engine/losses/loss';
import { Trainer, type TrainerOptions } from '../../engine/trainer';
import { BatchObserver } from './batchObserver';
import { CheckpointKeeper } from './checkpointKeeper';
import { noteDevEvaluation } from './earlyStop';
import { openLoss } from './openLoss';
import type { RunSessionOnDevice } from './runSession';
import { StageSteps } from './stageSteps';
import type { TrainingState } from './trainingState';

export interface TrainingDeps {
  session: RunSessionOnDevice;
  /** Rows of the stage's data in each batch: [stage][step][row]. */
  batches: number[][][];
  /** For each stage, the rows left out of each epoch; see `BatchPlan`. */
  leftOut: number[][];
  evaluateDev: (step: number, onPause: () => Promise<void>) => Promise<DevEvaluation>;
}

/**
 * Trains from `state.step` to the end of the last stage, or until the run stops early. Resuming from any checkpoint
 * leads to bit-identical results.
 */
export async function trainModel(deps: TrainingDeps, parameters: ParameterStore, state: TrainingState): Promise<void> {
  if (state.loop.devPending) await evaluatePending(deps, parameters, state);
  let begin = 0;
  for (const [stageIndex, batches] of deps.batches.entries()) {
    if (state.loop.stopped) return;
    if (state.step < begin + batches.length) await trainStage(deps, parameters, state, stageIndex, begin);
    begin += batches.length;
  }
}

/** Runs the dev evaluation that the run was paused in. */
async function evaluatePending(deps: TrainingDeps, parameters: ParameterStore, state: TrainingState): Promise<void> {
  const keeper = new CheckpointKeeper(deps.session, parameters, state);
  try {
    await evaluateOnDev(deps, state, keeper);
    if (!state.loop.stopped) return;
    endStage(state, parameters);
    await keeper.write();
  } finally {
    await keeper.end();
  }
}

async function trainStage(
  deps: TrainingDeps,
  parameters: ParameterStore,
  state: TrainingState,
  stageIndex: number,
  begin: number,
): Promise<void> {
  const { engine, experiment } = deps.session;
  const stage = experiment.stages[stageIndex];
  const batches = deps.batches[stageIndex];
  if (!stage || !batches)
    throw new AppError({ kind: 'experiment-invalid', path: `stages.${stageIndex}`, found: own('no-value') });
  if (state.step === begin && stageIndex > 0) {
    resetOptimizer(state, parameters, stage, stageIndex);
    if (prefixOf(experiment.stages)?.stage === stageIndex) forgetBest(state);
  }
  releaseIdleMemory(engine);
  const { loss, close } = await openLoss(engine, stage);
  try {
    await trainWithLoss(deps, parameters, state, { stage, stageIndex, batches, begin, loss });
  } finally {
    close();
  }
}

interface StageInRun {
  stage: Stage;
  stageIndex: number;
  batches: number[][];
  /** Number of steps in the run before the stage. */
  begin: number;
  loss: Loss;
}

async function trainWithLoss(
  deps: TrainingDeps,
  parameters: ParameterStore,
  state: TrainingState,
  { stage, stageIndex, batches, begin, loss }: StageInRun,
): Promise<void> {
  const observer = new BatchObserver(loss);
  const options = trainerOptions(deps.session, stage, state, { stageIndex, begin, loss: observer.loss });
  const { adapters } = parameters;
  const { adamW, average } = state;
  const trainer = new Trainer({ ...options, adapters, average }, parameters.segments, adamW.segments);
  const keeper = new CheckpointKeeper(deps.session, parameters, state);
  const leftOut = deps.leftOut[stageIndex] ?? [];
  const steps = new StageSteps(deps.session, state, trainer, { stage, stageIndex, batches, leftOut, begin, observer });
  try {
    for (let step = state.step + 1; step <= begin + batches.length; step++) {
      steps.begin();
      await steps.recordAllBut(trainer.stepsAhead);
      if (step === begin + batches.length) {
        await steps.recordAllBut(0);
        endStage(state, parameters);
      }
      if (needsDev(deps, step)) {
        await steps.recordAllBut(0);
        await evaluateOnDev(deps, state, keeper);
        if (state.loop.stopped) {
          endStage(state, parameters);
          break;
        }
      }
      await keeper.writeWhenDue(() => steps.recordAllBut(0));
      await waitWhilePaused(deps.session, steps, keeper);
    }
    await steps.recordAllBut(0);
    await keeper.write();
  } finally {
    await keeper.end();
    trainer.dispose();
  }
}

/** Handles pause and cancel between two steps. Before the run stops, records all steps that have begun. */
async function waitWhilePaused(
  { control }: RunSessionOnDevice,
  steps: StageSteps,
  keeper: CheckpointKeeper,
): Promise<void> {
  const pause = async (): Promise<void> => {
    await steps.recordAllBut(0);
    await keeper.pause();
  };
  try {
    await control.checkpoint(pause, () => keeper.resume());
  } catch (thrown) {
    // In a cancelled run, failures in the last steps no longer matter.
    if (thrown instanceof AppError && thrown.details.kind === 'cancelled')
      await steps.recordAllBut(0).catch(() => undefined);
    throw thrown;
  }
}

/**
 * Ends a stage. From here on, evaluations, checkpoints and the next stage use its average as the weights, with the
 * adapters merged into them.
 */
function endStage(state: TrainingState, parameters: ParameterStore): void {
  state.average?.adopt();
  delete state.average;
  parameters.mergeAdapters();
}

/**
 * Resets the optimizer: each stage starts with its own adapters, zero moments for its trained parameters, an average
 * that equals the weights, and the initial loss scale.
 */
function resetOptimizer(
  state: TrainingState,
  parameters: ParameterStore,
  stage: Pick<Stage, 'ema'>,
  stageIndex: number,
): void {
  state.adamW.dispose();
  parameters.beginStage(stageIndex);
  state.stage = stageIndex;
  state.adamW = new AdamWState(parameters, stageIndex);
  if (stage.ema) state.average = new WeightAverage(parameters, stageIndex, stage.ema.decay);
  delete state.loop.lossScale;
}

/** Forgets the best step so far: its weights were trained on texts without the prefix. */
function forgetBest({ loop }: TrainingState): void {
  loop.bestDev = null;
  loop.bestStep = null;
  delete loop.bestMrrAt10;
  delete loop.sinceBest;
}

/** Returns the trainer's options for a stage that begins after `begin` steps of the run. */
export function trainerOptions(
  { experiment, settings, model, record, engine }: RunSessionOnDevice,
  { optimizer, dropout, precision }: Stage,
  { loop }: Pick<TrainingState, 'loop'>,
  { stageIndex, begin, loss }: { stageIndex: number; begin: number; loss: Loss },
): TrainerOptions {
  return {
    loss,
    optimizer,
    dropout,
    config: model.config,
    pooling: settings.pooling,
    seed: experiment.seed,
    stepsBefore: begin,
    lossScale: usesHalf(precision) ? (loop.lossScale ?? firstLossScale()) : undefined,
    matrices: precision === 'mixed-matrices' ? plannedMatrixUnits(engine.plan, engine.traits.matrixUnits) : undefined,
    stepStrategy: record.memory?.ways[stageIndex],
  };
}

function needsDev({ session, batches }: TrainingDeps, step: number): boolean {
  const atEnd = session.experiment.evaluation.checkpoint === 'bestDev';
  return session.data.dev.length > 0 && devIsDue(step, stepsOf(batches), devInterval(session.record), atEnd);
}

/**
 * Evaluates on dev, with the average of the weights if the stage keeps one. The primary metric decides which step is
 * best, then MRR@10; if both are equal, the earlier step wins.
 */
async function evaluateOnDev(
  { session, batches, evaluateDev }: TrainingDeps,
  state: TrainingState,
  keeper: CheckpointKeeper,
): Promise<void> {
  const { primary, checkpoint } = session.experiment.evaluation;
  releaseIdleMemory(session.engine);
  state.loop.devPending = true;
  const averaged = <T>(use: () => Promise<T>): Promise<T> => (state.average ? state.average.exchanged(use) : use());
  // During a pause, the weights themselves are stored next to their average, so exchange the two back.
  const evaluated = await averaged(() => evaluateDev(state.step, () => averaged(() => keeper.pause())));
  delete state.loop.devPending;
  releaseIdleMemory(session.engine);
  const { metrics } = evaluated;
  const best = beatsBestDev(metrics, primary, state.loop);
  if (best) {
    state.loop.bestDev = metrics[primary];
    state.loop.bestMrrAt10 = metrics.mrrAt10;
    state.loop.bestStep = state.step;
    if (checkpoint === 'bestDev') await averaged(() => keeper.writeBest());
  }
  session.log.append({ type: 'devEvaluation', step: state.step, best, ...evaluated });
  // A run can't stop before its prefix is trained, because the texts of the evaluation after training have the prefix.
  if (state.stage >= (prefixOf(session.experiment.stages)?.stage ?? 0))
    noteDevEvaluation(session, state, best, stepsOf(batches));
}

function stepsOf(batches: TrainingDeps['batches']): number {
  return batches.reduce((sum, stage) => sum + stage.length, 0);
}
