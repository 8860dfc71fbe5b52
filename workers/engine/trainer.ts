import { AppError } from '../../src/domain/errors';
import type { Stage } from '../../src/domain/experiment';
import type { StepStrategy } from '../../src/domain/memory/stepStrategy';
import type { EncoderConfig, Pooling } from '../../src/domain/model';
import { nextLossScale, type LossScale } from '../../src/domain/train/lossScale';
import type { DeviceArray } from './arrays';
import { divergedParameter } from './divergence';
import { sumTableSquares, tableSquarePartCount } from './optimizer/sumSquares';
import type { Engine } from './engine';
import type { Adapters } from './model/adapters';
import { textTokens, type Loss, type LossNumbers, type StepBatch } from './losses/loss';
import type { MatrixUnits } from './matrixUnits';
import type { AdamWStateMoment } from './model/adamWState';
import { HalfWeights } from './model/halfWeights';
import { SegmentTable } from './model/segmentTable';
import type { WeightAverage } from './model/weightAverage';
import { addBadLosses, meanNumber, numbersLength, stepGradients, type NumbersLayout } from './stepGradients';
import { dropoutRates } from './ops/dropout/dropoutRates';
import { clipping } from './optimizer/clipping';
import { ratedRanges, type RatedRanges } from './optimizer/layerRates';
import { stopAfterBadStep } from './optimizer/stopAfterBadStep';
import { updateWeights } from './optimizer/updateWeights';

export interface TrainerOptions {
  config: EncoderConfig;
  pooling: Pooling;
  loss: Loss;
  optimizer: Stage['optimizer'];
  dropout: Stage['dropout'];
  seed: number;
  /** Number of steps in the run before this trainer's first step. Errors name the step of the run. */
  stepsBefore?: number;
  /** Step strategy; `plain` by default. */
  stepStrategy?: StepStrategy | undefined;
  /** Initial loss scale of mixed precision. If absent, everything is float32. */
  lossScale?: LossScale | undefined;
  adapters?: Adapters | undefined;
  /** The average that each step moves towards the weights. */
  average?: WeightAverage | undefined;
  /** Mixed precision only: the matrix units for products, if the experiment asks for them. */
  matrices?: MatrixUnits | undefined;
}

/** The numbers of a step: the loss, and the other numbers that the loss function reports. */
export interface TrainerNumbers extends Pick<LossNumbers, 'loss'>, Partial<Omit<LossNumbers, 'loss'>> {
  /** L2 norm of all gradients before clipping. */
  gradientNorm: number;
  tokens: number;
  /** Loss scale of this step's gradients, in mixed precision. */
  lossScale?: number;
  /** Set if gradients overflowed in half precision: no weight changed, and `gradientNorm` is not finite. */
  skipped?: true;
}

/** A step whose commands are submitted. */
interface BegunStep {
  /** Batches whose gradients the step accumulates. */
  batches: readonly StepBatch[];
  learningRate: number;
  step: number;
  /** The loss scale that the step uses, which is correct unless an earlier step turns out to have been skipped. */
  lossScale: LossScale | undefined;
  numbers: Promise<Float32Array>;
}

/**
 * Trains the parameters step by step with AdamW. Reads back only a few numbers per step.
 *
 * On a GPU, a step may begin before the numbers of the previous one are known, so that the device never waits for the
 * host. A bad step then does no harm: after a step whose numbers are not finite, a flag on the device keeps later steps
 * from changing weights and moments. If the bad step was skipped because gradients overflowed, the step after it is
 * computed again with the smaller loss scale.
 */
export class Trainer {
  readonly #engine: Engine;
  readonly #gradients: SegmentTable;
  readonly #trained: SegmentTable; // the adapters, or the weights
  /** For each segment, its parts by their share of the learning rate. */
  readonly #rated: readonly RatedRanges[][];
  readonly #half: HalfWeights | undefined;
  #copiedInHalf = false;
  /** Flag on the device, [1]: nonzero from the first bad step on. */
  readonly #stopped: DeviceArray | undefined;
  #lossScale: LossScale | undefined;
  /** Index of the gradient norm in a step's numbers, after those of the loss. The clipping factor follows the norm. */
  readonly #normAt: number;
  readonly #begun: BegunStep[] = [];

  /**
   * Does not take ownership of weights and moments. Throws RangeError if mixed precision is requested but the device
   * has no half precision.
   */
  constructor(
    private readonly options: TrainerOptions,
    private readonly weights: SegmentTable,
    private readonly moments: Readonly<Record<AdamWStateMoment, SegmentTable>>,
  ) {
    this.#engine = weights.engine;
    this.#trained = options.adapters?.segments ?? weights;
    this.#gradients = new SegmentTable(weights.engine, moments.m.layout, 'trainable');
    this.#rated = ratedRanges(moments.m.layout, options.config.layers, options.optimizer.layerDecay);
    this.#lossScale = options.lossScale;
    this.#normAt = options.loss.numbers.length;
    if (this.stepsAhead > 0) {
      this.#stopped = this.#engine.pool.allocate([1]);
      this.#engine.commands.clear(this.#stopped);
    }
    if (!options.lossScale) return;
    if (!this.#engine.hasHalf) throw new RangeError('the device has no half precision');
    this.#half = new HalfWeights(weights, options.config, options.matrices);
  }

  /** Loss scale after the last finished step; undefined in full precision. */
  get lossScale(): LossScale | undefined {
    return this.#lossScale;
  }

  /** Maximum number of unfinished steps when another step begins. */
  get stepsAhead(): number {
    return this.#engine.traits.wasm ? 0 : 1;
  }

  /** Trains one step and returns its numbers; see `begin` and `finish`. */
  async step(batch: StepBatch, learningRate: number, step: number): Promise<TrainerNumbers> {
    this.begin(batch, learningRate, step);
    return this.finish();
  }

  /**
   * Begins a step. `step` counts from 1 and is part of the key for dropout's random numbers. AdamW's t is `step` minus
   * the skipped steps. With `further` batches, the step trains on the mean of all losses. Throws RangeError if too many
   * steps have begun.
   */
  begin(batch: StepBatch, learningRate: number, step: number, further: readonly StepBatch[] = []): void {
    if (this.#begun.length > this.stepsAhead) throw new RangeError('too many steps have begun');
    const batches = [batch, ...further];
    const given = { batches, learningRate, step, lossScale: this.#expectedScale(this.#begun.length) };
    this.#begun.push({ ...given, numbers: this.#record(given) });
  }

  /**
   * Returns the numbers of the earliest unfinished step. Throws `training-diverged`, in which case the weights are
   * those from before that step, and any error that the device reports. The trainer cannot be used after an error.
   */
  async finish(): Promise<TrainerNumbers> {
    const [begun] = this.#begun;
    if (!begun) throw new RangeError('no step has begun');
    const values = await begun.numbers; // GPU→CPU sync, the only one of the trainer in a step
    this.#begun.shift();
    const layout = this.#layoutOf(begun);
    const loss = meanNumber(values, layout, 0);
    const gradientNorm = values[this.#normAt] ?? NaN;
    const names = this.options.loss.numbers;
    const reported = Object.fromEntries(names.map((name, i) => [name, meanNumber(values, layout, i)]));
    const scaled = await this.#checkFinite(loss, gradientNorm, begun);
    const tokens = begun.batches.reduce((sum, batch) => sum + textTokens(batch), 0);
    return { ...reported, loss, gradientNorm, tokens, ...scaled };
  }

  dispose(): void {
    this.#gradients.dispose();
    this.#half?.dispose();
    if (this.#stopped) this.#engine.pool.free(this.#stopped);
  }

  /**
   * Returns the loss scale for a step that begins while `underWay` earlier ones are unfinished, assuming that none of
   * them is skipped.
   */
  #expectedScale(underWay: number): LossScale | undefined {
    let scale = this.#lossScale;
    for (let i = 0; i < underWay && scale; i++) scale = nextLossScale(scale, false) ?? undefined;
    return scale;
  }

  /** Records and submits all commands of a step. */
  #record(begun: Omit<BegunStep, 'numbers'>): Promise<Float32Array> {
    const { pool, commands } = this.#engine;
    const numbers = this.#allocateNumbers(begun);
    const parts = pool.allocate([tableSquarePartCount(this.#gradients) + begun.batches.length - 1]);
    try {
      this.#copyInHalf();
      this.#gradientsOf(begun, numbers);
      this.#update(begun, numbers, parts);
      const read = commands.read(numbers);
      read.catch(() => undefined); // avoids an unhandled rejection: an earlier step may fail first
      return read;
    } finally {
      // Commands recorded later run after the copy, so they may reuse these buffers before the numbers arrive.
      pool.free(numbers);
      pool.free(parts);
      pool.trim();
    }
  }

  #layoutOf({ batches }: Pick<BegunStep, 'batches'>): NumbersLayout {
    return { ofLoss: this.#normAt, batches: batches.length };
  }

  /** Allocates room for a step's numbers: those of each batch's loss, the gradient norm and the clipping factor. */
  #allocateNumbers(step: Pick<BegunStep, 'batches'>): DeviceArray {
    return this.#engine.pool.allocate([numbersLength(this.#layoutOf(step))]);
  }

  /** Before the first step, copies the weights in half precision. Afterwards, AdamW keeps the copies up to date. */
  #copyInHalf(): void {
    if (!this.#copiedInHalf) this.#half?.refresh();
    this.#copiedInHalf = true;
  }

  #gradientsOf({ batches, step, lossScale }: Omit<BegunStep, 'numbers'>, numbers: DeviceArray): void {
    const { config, seed, pooling, stepStrategy, loss, adapters } = this.options;
    const rates = dropoutRates(this.options.dropout, config, adapters?.dropout);
    const dropout = rates && { rates, seed, step };
    const context = { engine: this.#engine, weights: this.weights, adapters, half: this.#half, config, dropout };
    const options = { pooling, stepStrategy, loss, gradientScale: lossScale?.scale };
    stepGradients(context, batches, options, { numbers, ofLoss: this.#normAt, gradients: this.#gradients });
    this.#gradients.clearFrozen();
  }

  #update(begun: Omit<BegunStep, 'numbers'>, numbers: DeviceArray, parts: DeviceArray): void {
    const [{ learningRate, step, lossScale }, { optimizer }] = [begun, this.options];
    // AdamW's t counts only steps that changed the weights.
    const update = step - (lossScale?.skipped ?? 0);
    sumTableSquares(this.#gradients, this.#gradients, parts);
    addBadLosses(this.#engine, numbers, this.#layoutOf(begun), parts, tableSquarePartCount(this.#gradients));
    clipping(this.#engine, parts, optimizer.clipNorm, numbers, this.#normAt, lossScale?.scale);
    if (this.#stopped) stopAfterBadStep(this.#engine, numbers, this.#normAt, this.#stopped);
    const tables = { weights: this.#trained, gradients: this.#gradients, ...this.moments };
    const { average, adapters } = this.options;
    const halfOf = (segment: number) => (adapters ? undefined : this.#half?.copyOf(segment));
    const options = { ...optimizer, learningRate, step: update };
    updateWeights({ ...tables, numbers, at: this.#normAt, average, halfOf }, this.#rated, options);
  }

  /**
   * Updates the loss scale after a step. Throws `training-diverged` if a number is not finite and a smaller loss scale
   * cannot help.
   */
  async #checkFinite(
    loss: number,
    norm: number,
    begun: BegunStep,
  ): Promise<Pick<TrainerNumbers, 'lossScale' | 'skipped'>> {
    if (!Number.isFinite(loss)) throw this.#diverged(begun.step, 'loss', await this.#causeOf(begun, true));
    const overflowed = !Number.isFinite(norm);
    const used = this.#lossScale;
    const next = used && nextLossScale(used, overflowed);
    if (!used || !next) {
      if (!overflowed) return {};
      throw this.#diverged(begun.step, 'gradientNorm', await this.#causeOf(begun, false));
    }
    this.#lossScale = next;
    if (!overflowed) return { lossScale: used.scale };
    this.#restart();
    return { lossScale: used.scale, skipped: true };
  }

  /** Recomputes the unfinished steps with the loss scale that follows a skipped step. */
  #restart(): void {
    if (this.#stopped) this.#engine.commands.clear(this.#stopped);
    for (const [i, begun] of this.#begun.entries()) {
      begun.lossScale = this.#expectedScale(i);
      begun.numbers = this.#record(begun);
    }
  }

  /**
   * Returns the name of the parameter that made a step's numbers non-finite, if any. A non-finite weight spoils the
   * loss and thereby all gradients, so weights are searched first if the loss is not finite.
   */
  async #causeOf(bad: BegunStep, inLoss: boolean): Promise<string | undefined> {
    const { pool } = this.#engine;
    const parts = pool.allocate([tableSquarePartCount(this.#gradients)]);
    try {
      const inWeights = inLoss ? await divergedParameter(this.#trained, this.#gradients, parts) : undefined;
      if (inWeights !== undefined) return inWeights;
      // A later step that has begun has overwritten the gradients. The weights are still those of the bad step.
      if (this.#begun.length > 0) this.#computeAgain(bad);
      return await divergedParameter(this.#gradients, this.#gradients, parts);
    } finally {
      pool.free(parts);
    }
  }

  #computeAgain(bad: BegunStep): void {
    const numbers = this.#allocateNumbers(bad);
    this.#gradientsOf(bad, numbers);
    this.#engine.pool.free(numbers);
  }

  #diverged(step: number, quantity: 'loss' | 'gradientNorm', parameter: string | undefined): AppError {
    const stepOfRun = (this.options.stepsBefore ?? 0) + step;
    const named = parameter === undefined ? {} : { parameter };
    return new AppError({ kind: 'training-diverged', step: stepOfRun, quantity, ...named });
  }
}
