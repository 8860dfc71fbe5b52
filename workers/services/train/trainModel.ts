import { AppError } from '../../../src/domain/errors';
import { checkpointIntervalMs } from '../../../src/domain/train/checkpointInterval';
import { beatsBestDev } from '../../../src/domain/train/bestDev';
import { firstLossScale } from '../../../src/domain/train/lossScale';
import type { Stage } from '../../../src/domain/experiment';
import type { Metrics } from '../../../src/domain/evaluate/metrics';
import { learningRateAt } from '../../../src/domain/train/schedule';
import { writeCheckpoint } from '../../../src/storage/checkpoints';
import type { CheckpointManifest } from '../../../src/storage/schema';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import { AdamWState } from '../../engine/model/adamWState';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { Trainer, type TrainerOptions } from '../../engine/trainer';
import { pickTexts } from '../evaluate/encodeTexts';
import type { RunSessionOnDevice } from './runSession';
import { weightAndMomentTensors, weightTensors } from './weightTransfer';

export interface TrainingState {
  step: number;
  loop: CheckpointManifest['loopState'];
  adamW: AdamWState;
}

export interface TrainingDeps {
  session: RunSessionOnDevice;
  /** Rows of the training pairs in each batch: [stage][step][row]. */
  batches: number[][][];
  evaluateDev: (step: number) => Promise<Metrics>;
}

/**
 * Trains from `state.step` to the end of the last stage. Resuming from any checkpoint leads to bit-identical results.
 */
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
  const { engine, experiment, tokens, data, log, control } = deps.session;
  const stage = experiment.stages[stageIndex];
  const batches = deps.batches[stageIndex];
  if (!stage || !batches)
    throw new AppError({ kind: 'experiment-invalid', path: `stages.${stageIndex}`, found: 'no value' });
  if (state.step === begin && stageIndex > 0) resetOptimizer(state, parameters);
  releaseIdleMemory(engine);
  const options = trainerOptions(deps.session, stage, state, { stageIndex, begin });
  const trainer = new Trainer(options, parameters.segments, state.adamW.segments);
  const keeper = new CheckpointKeeper(deps.session, parameters, state);
  let pairsSeen = batches.slice(0, state.step - begin).reduce((sum, batch) => sum + batch.length, 0);
  try {
    for (let inStage = state.step - begin; inStage < batches.length; inStage++) {
      const batch = batches[inStage] ?? [];
      const [anchors, positives] = [pickTexts(tokens.anchors, batch), pickTexts(tokens.positives, batch)];
      const learningRate = learningRateAt(inStage, batches.length, stage.schedule, stage.optimizer.learningRate);
      const startedAt = performance.now();
      const numbers = await trainer.step(anchors, positives, learningRate, inStage + 1);
      const stepMs = performance.now() - startedAt;
      pairsSeen += batch.length;
      state.step += 1;
      state.loop.elapsedMs += stepMs;
      if (trainer.lossScale) state.loop.lossScale = trainer.lossScale;
      const epoch = pairsSeen / Math.max(1, data.pairs.length);
      const measured = { epoch, learningRate, stepMs, backendBytes: engine.pool.totalBytes };
      log.append({ type: 'step', step: state.step, stage: stageIndex, ...measured, ...numbers });
      await log.settle();
      await evaluateOnDev(deps, parameters, state);
      await keeper.writeWhenDue();
      await control.checkpoint(
        () => keeper.pause(),
        () => keeper.resume(),
      );
    }
    await keeper.write();
  } finally {
    trainer.dispose();
  }
}

/** Resets the optimizer: each stage starts with zero moments and the initial loss scale. */
function resetOptimizer(state: TrainingState, parameters: ParameterStore): void {
  state.adamW.dispose();
  state.adamW = new AdamWState(parameters);
  delete state.loop.lossScale;
}

function trainerOptions(
  { experiment, settings, model, record }: RunSessionOnDevice,
  { loss, optimizer, dropout, precision }: Stage,
  { loop }: TrainingState,
  { stageIndex, begin }: { stageIndex: number; begin: number },
): TrainerOptions {
  return {
    loss,
    optimizer,
    dropout,
    config: model.config,
    pooling: settings.pooling,
    seed: experiment.seed,
    stepsBefore: begin,
    lossScale: precision === 'mixed' ? (loop.lossScale ?? firstLossScale()) : undefined,
    way: record.memory?.ways[stageIndex],
  };
}

/** Evaluates on dev if an evaluation is due. Keeps a checkpoint of the best step if the experiment chooses it. */
async function evaluateOnDev(deps: TrainingDeps, parameters: ParameterStore, state: TrainingState): Promise<void> {
  const { session, batches } = deps;
  const { devEverySteps, primary, checkpoint } = session.experiment.evaluation;
  const last = batches.reduce((sum, stage) => sum + stage.length, 0);
  const due =
    (devEverySteps > 0 && state.step % devEverySteps === 0) || (state.step === last && checkpoint === 'bestDev');
  if (!due || session.data.dev.length === 0) return;
  releaseIdleMemory(session.engine);
  const metrics = await deps.evaluateDev(state.step);
  releaseIdleMemory(session.engine);
  const best = beatsBestDev(metrics, primary, state.loop);
  if (best) {
    state.loop = {
      ...state.loop,
      bestDev: metrics[primary],
      bestMrrAt10: metrics.mrrAt10,
      bestStep: state.step,
    };
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

/** Writes checkpoints of the training loop: when one is due, before a pause, and at the end of a stage. */
class CheckpointKeeper {
  #writtenAt = performance.now();
  #writeMs = 0;
  #writtenStep = -1;

  constructor(
    private readonly session: RunSessionOnDevice,
    private readonly parameters: ParameterStore,
    private readonly state: TrainingState,
  ) {}

  async writeWhenDue(): Promise<void> {
    if (performance.now() - this.#writtenAt >= checkpointIntervalMs(this.#writeMs)) await this.write();
  }

  async write(): Promise<void> {
    if (this.#writtenStep === this.state.step) return;
    const { db, record, model, log, recovery } = this.session;
    const startedAt = performance.now();
    const tensors = weightAndMomentTensors(model, this.parameters, this.state.adamW);
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

  async resume(): Promise<void> {
    await this.session.log.status('running');
  }
}
