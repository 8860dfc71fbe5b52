import type { Stage } from '../../../src/domain/experiment';
import { batchesOfStep } from '../../../src/domain/train/batchingSchema';
import { epochsOf } from '../../../src/domain/train/planBatches';
import type { KnownAnswers } from '../../../src/domain/train/knownAnswers';
import { rowsOfStage } from '../../../src/domain/train/trainRows';
import { learningRateAt } from '../../../src/domain/train/schedule';
import { isObserved, type TrainScores } from '../../../src/domain/train/trainScores';
import type { StepBatch } from '../../engine/losses/loss';
import type { Trainer } from '../../engine/trainer';
import type { BatchObserver, ObservedVectors } from './batchObserver';
import { batchScores } from './batchScores';
import type { RunSessionOnDevice } from './runSession';
import { stageTokens } from './runTokens';
import { drawOf, knownOf, scoresOfStage, stepBatch } from './stepBatch';
import type { TrainingState } from './trainingState';

export interface StageOfRun {
  stage: Stage;
  stageIndex: number;
  /** Rows of the stage's data in each step: [step][row]. */
  batches: readonly (readonly number[])[];
  /** Training rows left out of each epoch. */
  leftOut: number[];
  /** Number of steps in the run before this stage. */
  begin: number;
  /** Reads back the vectors of some batches. */
  observer?: BatchObserver;
}

/** The first batch of a step whose vectors are read back. */
interface Observed {
  vectors: Promise<ObservedVectors>;
  rows: readonly number[];
  targets: StepBatch['targets'];
}

interface StepUnderWay {
  pairs: number;
  learningRate: number;
  begunAt: number;
  observed: Observed | null;
}

/**
 * The steps of a stage. Begins them in order, and records each step's numbers in the log and the training state. While
 * a step has begun but is not recorded, weights and moments are ahead of the training state, so record all steps before
 * storing or evaluating either.
 */
export class StageSteps {
  /** Steps that have begun but are not recorded yet. */
  readonly #underWay: StepUnderWay[] = [];
  #pairsSeen: number;
  readonly #rows: readonly { id: string }[];
  #recordedAt = -Infinity;
  readonly #known: KnownAnswers | undefined;
  readonly #scores: Float32Array | undefined;

  constructor(
    private readonly session: RunSessionOnDevice,
    private readonly state: TrainingState,
    private readonly trainer: Trainer,
    private readonly of: StageOfRun,
  ) {
    this.#rows = rowsOfStage(of.stage, session.data);
    const done = of.batches.slice(0, state.step - of.begin);
    this.#pairsSeen = done.reduce((sum, batch) => sum + batch.length, 0);
    this.#scores = scoresOfStage(of.stage, session.data);
    this.#known = knownOf(of.stage, session.data.pairs);
  }

  /** Begins the next step. */
  begin(): void {
    const { stage, batches, begin } = this.of;
    const index = this.state.step + this.#underWay.length - begin;
    const batch = batches[index] ?? [];
    const learningRate = learningRateAt(index, batches.length, stage.schedule, stage.optimizer.learningRate);
    const begunAt = performance.now();
    const tokens = stageTokens(this.session, this.of.stageIndex);
    const negatives = this.session.negatives[this.of.stageIndex];
    const frozen = this.session.frozen?.[this.of.stageIndex];
    const additions = { negatives, known: this.#known, scores: this.#scores, ...frozen };
    const parts = batchesOfStep(batch, stage.batching);
    const [first = stepBatch(tokens, []), ...further] = parts.map((rows, part) => {
      const { stageIndex } = this.of;
      const { seed } = this.session.experiment;
      const draw = drawOf(stage, { seed, stageIndex, batch: index * parts.length + part });
      return stepBatch(tokens, rows, { ...additions, draw });
    });
    const vectors = this.#begun(index + 1, () => this.trainer.begin(first, learningRate, index + 1, further));
    const observed = vectors && { vectors, rows: parts[0] ?? [], targets: first.targets };
    this.#underWay.push({ pairs: batch.length, learningRate, begunAt, observed });
  }

  /** Begins a step, and reads its vectors back if the step is observed. */
  #begun(stepOfStage: number, begin: () => void): Promise<ObservedVectors> | null {
    const { observer, batches } = this.of;
    if (observer && isObserved(stepOfStage, batches.length)) return observer.observing(begin);
    begin();
    return null;
  }

  async #scoresOf({ vectors, rows, targets }: Observed): Promise<TrainScores> {
    const { stage, stageIndex } = this.of;
    const ids = rows.map((row) => this.#rows[row]?.id ?? '');
    const scores = batchScores(await vectors, { loss: stage.loss, targets, ids });
    return { step: this.state.step, stage: stageIndex, ...scores };
  }

  /** Waits for steps and records them, until at most `kept` steps are unfinished. */
  async recordAllBut(kept: number): Promise<void> {
    while (this.#underWay.length > kept) await this.#record();
  }

  async #record(): Promise<void> {
    const { state, trainer } = this;
    const { log, engine } = this.session;
    const numbers = await trainer.finish();
    const step = this.#underWay.shift();
    if (!step) return;
    const now = performance.now();
    // The device runs one step at a time, so this one began when the previous one ended.
    const stepMs = now - Math.max(step.begunAt, this.#recordedAt);
    this.#recordedAt = now;
    this.#pairsSeen += step.pairs;
    state.step += 1;
    state.loop.elapsedMs += stepMs;
    if (trainer.lossScale) state.loop.lossScale = trainer.lossScale;
    const epoch = epochsOf(this.#pairsSeen, this.#rows.length, this.of.leftOut);
    const measured = { epoch, learningRate: step.learningRate, stepMs, backendBytes: engine.pool.totalBytes };
    log.append({ type: 'step', step: state.step, stage: this.of.stageIndex, ...measured, ...numbers });
    if (step.observed) log.append({ type: 'trainScores', ...(await this.#scoresOf(step.observed)) });
    await log.settle();
  }
}
