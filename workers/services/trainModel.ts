import { AppError } from '../../src/domain/errors';
import { firstLossScale } from '../../src/domain/lossScale';
import type { Metrics } from '../../src/domain/run';
import { learningRateAt } from '../../src/domain/schedule';
import { writeCheckpoint } from '../../src/storage/checkpoints';
import type { CheckpointManifest } from '../../src/storage/schema';
import { backendBytes, releaseIdleMemory } from '../engine/device';
import { AdamWState } from '../engine/model/adamWState';
import type { ParameterStore } from '../engine/model/parameters';
import { createTrainer } from '../engine/trainer';
import { pickTexts } from './evaluateModel';
import type { RunSession } from './runSession';
import { trainingTensors, weightTensors } from './weightTransfer';

/**
 * A checkpoint is written once this many times its own writing time has passed: at most 5 % of a run goes into checkpoints.
 * The floor keeps small models from writing all the time.
 */
const writeTimeFactor = 20;
const shortestIntervalMs = 15_000;

export interface TrainingState {
  step: number;
  loop: CheckpointManifest['loopState'];
  adamW: AdamWState;
}

export interface TrainingDeps {
  session: RunSession;
  /** Steps of all stages, in order. */
  batches: number[][][];
  evaluateDev: (step: number) => Promise<Metrics>;
}

/** Trains from `state.step` to the end of the last stage; every state it leaves in storage can be gone on from with the same bits. */
export async function trainModel(deps: TrainingDeps, parameters: ParameterStore, state: TrainingState): Promise<void> {
  let begin = 0;
  for (const [stageIndex, batches] of deps.batches.entries()) {
    if (state.step < begin + batches.length) await trainStage(deps, parameters, state, stageIndex, begin);
    begin += batches.length;
  }
}

async function trainStage(
  deps: TrainingDeps,
  parameters: ParameterStore,
  state: TrainingState,
  stageIndex: number,
  begin: number,
): Promise<void> {
  const { session } = deps;
  const { experiment, settings, model, tokens, log } = session;
  const stage = experiment.stages[stageIndex];
  const batches = deps.batches[stageIndex];
  if (!stage || !batches)
    throw new AppError({ kind: 'experiment-invalid', path: `stages.${stageIndex}`, found: 'nothing' });
  if (state.step === begin && stageIndex > 0) {
    state.adamW.dispose();
    state.adamW = AdamWState.create(parameters);
    delete state.loop.lossScale;
  }
  releaseIdleMemory();
  const trainer = createTrainer({
    parameters,
    config: model.config,
    pooling: settings.pooling,
    normalize: settings.normalize,
    loss: stage.loss,
    optimizer: stage.optimizer,
    dropout: stage.dropout,
    seed: experiment.seed,
    stepsBefore: begin,
    adamW: state.adamW,
    lossScale: stage.precision === 'mixed' ? (state.loop.lossScale ?? firstLossScale()) : undefined,
    way: session.record.memory?.ways[stageIndex],
  });
  const keeper = new CheckpointKeeper(session, parameters, state);
  const trainedPairs = Math.max(1, session.data.pairs.length);
  let pairsSeen = batches.slice(0, state.step - begin).reduce((sum, batch) => sum + batch.length, 0);
  try {
    while (state.step < begin + batches.length) {
      const inStage = state.step - begin;
      const batch = batches[inStage] ?? [];
      const learningRate = learningRateAt(inStage, batches.length, stage.schedule, stage.optimizer.learningRate);
      const startedAt = performance.now();
      const numbers = await trainer.step(
        pickTexts(tokens.anchors, batch),
        pickTexts(tokens.positives, batch),
        learningRate,
        inStage + 1,
      );
      const stepMs = performance.now() - startedAt;
      pairsSeen += batch.length;
      state.step += 1;
      state.loop.elapsedMs += stepMs;
      if (trainer.lossScale) state.loop.lossScale = trainer.lossScale;
      const epoch = pairsSeen / trainedPairs;
      log.append({
        type: 'step',
        step: state.step,
        stage: stageIndex,
        epoch,
        learningRate,
        stepMs,
        backendBytes: backendBytes(),
        ...numbers,
      });
      await log.settle();
      await evaluateOnDev(deps, parameters, state);
      await keeper.writeWhenDue();
      await session.control.checkpoint(
        () => keeper.pause(),
        () => keeper.goOn(),
      );
    }
    await keeper.write();
  } finally {
    trainer.dispose();
  }
}

/** Dev chooses the checkpoint: the primary metric, then MRR@10; of equals the earlier. */
async function evaluateOnDev(deps: TrainingDeps, parameters: ParameterStore, state: TrainingState): Promise<void> {
  const { session, batches } = deps;
  const { devEverySteps, primary, checkpoint } = session.experiment.evaluation;
  const last = batches.reduce((sum, stage) => sum + stage.length, 0);
  const due =
    (devEverySteps > 0 && state.step % devEverySteps === 0) || (state.step === last && checkpoint === 'bestDev');
  if (!due || session.data.dev.length === 0) return;
  releaseIdleMemory();
  const metrics = await deps.evaluateDev(state.step);
  releaseIdleMemory();
  const rank = metrics[primary] + metrics.mrrAt10 * 1e-6;
  const best = state.loop.bestDev === null || rank > state.loop.bestDev;
  if (best) {
    state.loop.bestDev = rank;
    state.loop.bestStep = state.step;
    if (checkpoint === 'bestDev') {
      const { db, record, model } = session;
      const tensors = weightTensors(model, parameters);
      await writeCheckpoint(db, {
        runId: record.runId,
        step: state.step,
        role: 'best',
        tensors,
        loopState: state.loop,
      });
    }
  }
  session.log.append({ type: 'devEvaluation', step: state.step, metrics, best });
}

/** Writes the state in which the loop stands when it is due, and before a pause. */
class CheckpointKeeper {
  #writtenAt = performance.now();
  #writeMs = 0;
  #writtenStep = -1;

  constructor(
    private readonly session: RunSession,
    private readonly parameters: ParameterStore,
    private readonly state: TrainingState,
  ) {}

  async writeWhenDue(): Promise<void> {
    const interval = Math.max(shortestIntervalMs, writeTimeFactor * this.#writeMs);
    if (performance.now() - this.#writtenAt >= interval) await this.write();
  }

  async write(): Promise<void> {
    if (this.#writtenStep === this.state.step) return;
    const { db, record, model, log, recovery } = this.session;
    const startedAt = performance.now();
    const tensors = trainingTensors(model, this.parameters, this.state.adamW);
    const { step, loop } = this.state;
    const manifest = await writeCheckpoint(db, {
      runId: record.runId,
      step,
      role: 'latest',
      tensors,
      loopState: { ...loop },
    });
    this.#writtenAt = performance.now();
    this.#writeMs = this.#writtenAt - startedAt;
    this.#writtenStep = step;
    recovery.reached('checkpoint', step);
    log.append({
      type: 'checkpoint',
      step,
      generation: manifest.generation,
      writeMs: this.#writeMs,
      bytes: manifest.floats * 4,
    });
  }

  async pause(): Promise<void> {
    await this.write();
    await this.session.log.status('paused');
  }

  async goOn(): Promise<void> {
    await this.session.log.status('running');
  }
}
