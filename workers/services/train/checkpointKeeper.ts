import { checkpointIntervalMs } from '../../../src/domain/train/checkpointInterval';
import { stageLayout } from '../../../src/domain/train/lora';
import { momentLayout } from '../../../src/domain/train/trainedParameters';
import {
  takeCheckpointSnapshot,
  writeCheckpoint,
  writeSnapshot,
  type CheckpointInput,
} from '../../../src/storage/checkpoints';
import type { CheckpointManifest } from '../../../src/storage/schema';
import type { ParameterStore } from '../../engine/model/parameterStore';
import type { RunSessionOnDevice } from './runSession';
import type { TrainingState } from './trainingState';
import { mergedWeightTensors, trainingSections } from './weightTransfer';

/**
 * Writes checkpoints of the training loop, one at a time: when one is due, before a pause, and at the end of a stage.
 * If the memory plan has room for a snapshot, steps wait only while it is taken. Otherwise they wait for the write.
 */
export class CheckpointKeeper {
  #storedAt = performance.now();
  #writeMs = 0;
  #waitedMs = 0;
  /**
   * Step of the last `latest` checkpoint that is stored or being written, and whether its dev evaluation is pending.
   * The same step gets two different checkpoints if the run is paused during the evaluation and the stage then ends.
   */
  #last = { step: -1, devPending: false };
  /** The write in progress. Never rejects. */
  #writing: Promise<void> | null = null;
  #failure: { thrown: unknown } | null = null;

  constructor(
    private readonly session: RunSessionOnDevice,
    private readonly parameters: ParameterStore,
    private readonly state: TrainingState,
  ) {}

  /**
   * Begins a checkpoint if one is due. Before that, awaits `settle`, which must record all steps that have changed the
   * weights. Throws if the previous write failed.
   */
  async writeWhenDue(settle: () => Promise<void>): Promise<void> {
    this.#throwFailure();
    const isDue = performance.now() - this.#storedAt >= checkpointIntervalMs(this.#writeMs, this.#waitedMs);
    if (!isDue || this.#writing) return;
    await settle();
    await this.#begin('latest');
  }

  /** Writes a checkpoint of this step, unless it already has one, and waits until it is stored. */
  async write(): Promise<void> {
    await this.#settle();
    const { step, loop } = this.state;
    if (this.#last.step === step && this.#last.devPending === (loop.devPending ?? false)) return;
    await this.#begin('latest');
    await this.#settle();
  }

  /** Begins to write the weights as the best so far. */
  async writeBest(): Promise<void> {
    await this.#settle();
    await this.#begin('best');
  }

  async pause(): Promise<void> {
    await this.write();
    await this.session.log.status('paused');
  }

  async resume(): Promise<void> {
    await this.session.log.status('running');
  }

  /** Waits for the write in progress, whether or not it succeeds. Call it when training ends for any reason. */
  async end(): Promise<void> {
    await this.#writing;
  }

  async #settle(): Promise<void> {
    await this.#writing;
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.thrown;
  }

  async #begin(role: CheckpointInput['role']): Promise<void> {
    const { db, record, log } = this.session;
    const begunAt = performance.now();
    const input = this.#input(role);
    if (role === 'latest') this.#last = { step: input.step, devPending: input.loopState.devPending ?? false };
    await log.flushWith({ type: 'progress', what: 'checkpoint', done: 0, of: 0 });
    if (!record.memory?.snapshotBytes) {
      this.#stored(await writeCheckpoint(db, input), begunAt, performance.now());
      return;
    }
    const snapshot = await takeCheckpointSnapshot(input);
    const takenAt = performance.now();
    this.#writing = writeSnapshot(db, snapshot)
      .then((manifest) => this.#stored(manifest, begunAt, takenAt))
      .catch((thrown: unknown) => void (this.#failure = { thrown }))
      .finally(() => (this.#writing = null));
  }

  #input(role: CheckpointInput['role']): CheckpointInput {
    const { record, model, experiment } = this.session;
    const { step, stage, loop, adamW, average } = this.state;
    const choice = experiment.stages[stage];
    const layout = choice ? stageLayout(model, choice) : model;
    const common = { runId: record.runId, step, role, loopState: { ...loop } };
    // Only a resumed run needs separate adapters of an unfinished stage, so the best weights include them.
    if (role === 'best') return { ...common, sections: [mergedWeightTensors(layout, this.parameters)] };
    const momentFloats = momentLayout(layout, (name) => adamW.isTrained(name)).totalFloats;
    return {
      ...common,
      sections: trainingSections(layout, this.parameters, adamW, average),
      ...(average ? { averaged: true } : {}),
      ...(momentFloats === layout.totalFloats ? {} : { momentFloats }),
    };
  }

  #stored({ role, step, generation, floats }: CheckpointManifest, begunAt: number, resumedAt: number): void {
    if (role !== 'latest') return;
    this.#storedAt = performance.now();
    this.#writeMs = this.#storedAt - begunAt;
    this.#waitedMs = resumedAt - begunAt;
    const { recovery, log } = this.session;
    recovery.reached('checkpoint', step);
    const [writeMs, waitedMs] = [this.#writeMs, this.#waitedMs];
    log.append({ type: 'checkpoint', step, generation, writeMs, waitedMs, bytes: floats * 4 });
  }
}
