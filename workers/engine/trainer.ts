import { AppError } from '../../src/domain/errors';
import type { Stage } from '../../src/domain/experiment';
import type { StepWay } from '../../src/domain/memory/stepWay';
import type { EncoderConfig, Pooling } from '../../src/domain/model';
import { nextLossScale, type LossScale } from '../../src/domain/train/lossScale';
import type { DeviceArray } from './arrays';
import { divergedParameter } from './divergence';
import { sumTableSquares } from './optimizer/sumSquares';
import { tableSquarePartCount } from './optimizer/sumSquares';
import type { Engine } from './engine';
import { computeGradients } from './gradients';
import { infoNceNumberCount } from './losses/infoNce';
import type { MatrixUnits } from './matrixUnits';
import type { AdamWStateMoment } from './model/adamWState';
import { HalfWeights } from './model/halfWeights';
import type { TokenBatch } from './model/tokenBatch';
import { SegmentTable } from './model/segmentTable';
import { dropoutRates } from './ops/dropout/dropoutRates';
import { adamW } from './optimizer/adamW';
import { clipping } from './optimizer/clipping';

export interface TrainerOptions {
  config: EncoderConfig;
  pooling: Pooling;
  loss: Stage['loss'];
  optimizer: Stage['optimizer'];
  dropout: Stage['dropout'];
  seed: number;
  /** Number of steps in the run before this trainer's first step. Errors name the step of the run. */
  stepsBefore?: number;
  /** Step strategy; `plain` by default. */
  way?: StepWay | undefined;
  /** Initial loss scale of mixed precision. If absent, everything is float32. */
  lossScale?: LossScale | undefined;
  /** Mixed precision only: matrix units for the products, if the experiment asks for them. */
  matrices?: MatrixUnits | undefined;
}

export interface TrainerNumbers {
  loss: number;
  /** L2 norm of all gradients before clipping. */
  gradientNorm: number;
  inBatchAccuracy: number;
  positiveScore: number;
  negativeScore: number;
  tokens: number;
  /** In mixed precision: the scale of this step's gradients. */
  lossScale?: number;
  /** Set if gradients overflowed in half precision: no weight changed, and `gradientNorm` is not finite. */
  skipped?: true;
}

/** Index of the gradient norm in the step's numbers, after those of the loss. The clipping factor follows the norm. */
const normAt = infoNceNumberCount;
const numbersLength = infoNceNumberCount + 2;

/** Trains the parameters step by step with in-batch InfoNCE and AdamW. Reads back only a few numbers per step. */
export class Trainer {
  readonly #engine: Engine;
  readonly #gradients: SegmentTable;
  readonly #half: HalfWeights | undefined;
  #lossScale: LossScale | undefined;

  /**
   * Does not take ownership of weights and moments. Throws RangeError if mixed precision is requested and the device
   * has no half precision.
   */
  constructor(
    private readonly options: TrainerOptions,
    private readonly weights: SegmentTable,
    private readonly moments: Readonly<Record<AdamWStateMoment, SegmentTable>>,
  ) {
    this.#engine = weights.engine;
    this.#gradients = new SegmentTable(weights.engine, weights.layout, 'trainable');
    this.#lossScale = options.lossScale;
    if (!options.lossScale) return;
    if (!this.#engine.hasHalf) throw new RangeError('the device has no half precision');
    this.#half = new HalfWeights(weights, options.config, options.matrices);
  }

  /** Loss scale of the next step; undefined in full precision. */
  get lossScale(): LossScale | undefined {
    return this.#lossScale;
  }

  /**
   * Trains one step on a batch in which positive i belongs to anchor i. `step` counts from 1 and is part of the key for
   * dropout's random numbers. AdamW's t is `step` minus the skipped steps. Throws `training-diverged`, with all weights
   * unchanged, and any error that the device reports.
   */
  async step(anchors: TokenBatch, positives: TokenBatch, learningRate: number, step: number): Promise<TrainerNumbers> {
    const { pool, commands } = this.#engine;
    const numbers = pool.allocate([numbersLength]);
    const parts = pool.allocate([tableSquarePartCount(this.#gradients)]);
    this.#half?.refresh();
    this.#gradientsOf(anchors, positives, step, numbers);
    this.#update(numbers, parts, learningRate, step);
    try {
      const values = await commands.read(numbers); // GPU→CPU sync, the only one in a step
      const [loss = NaN, inBatchAccuracy = NaN, positiveScore = NaN, negativeScore = NaN, gradientNorm = NaN] = values;
      const scaled = await this.#checkFinite(loss, gradientNorm, parts, step);
      const tokens = (anchors.offsets.at(-1) ?? 0) + (positives.offsets.at(-1) ?? 0);
      return { loss, gradientNorm, inBatchAccuracy, positiveScore, negativeScore, tokens, ...scaled };
    } finally {
      pool.free(numbers);
      pool.free(parts);
      pool.trim();
    }
  }

  dispose(): void {
    this.#gradients.dispose();
    this.#half?.dispose();
  }

  #gradientsOf(anchors: TokenBatch, positives: TokenBatch, step: number, numbers: DeviceArray): void {
    const { config, seed, pooling, way } = this.options;
    const rates = dropoutRates(this.options.dropout, config);
    const dropout = rates && { rates, seed, step };
    const context = { engine: this.#engine, weights: this.weights, half: this.#half, config, dropout };
    const loss = { ...this.options.loss, gradientScale: this.#lossScale?.scale };
    computeGradients(context, anchors, positives, { pooling, way, loss }, { numbers, gradients: this.#gradients });
  }

  #update(numbers: DeviceArray, parts: DeviceArray, learningRate: number, step: number): void {
    const { optimizer } = this.options;
    // AdamW's t counts only steps that changed the weights.
    const update = step - (this.#lossScale?.skipped ?? 0);
    sumTableSquares(this.#gradients, this.#gradients, parts);
    clipping(this.#engine, parts, optimizer.clipNorm, numbers, normAt, this.#lossScale?.scale);
    this.weights.layout.segments.forEach(({ decayed }, i) => {
      const [weights, gradients, m, v] = [this.weights, this.#gradients, this.moments.m, this.moments.v].map(
        (table) => table.arrays[i],
      );
      if (!weights || !gradients || !m || !v) return;
      const options = { ...optimizer, learningRate, step: update, decayed };
      adamW(this.#engine, { weights, gradients, m, v, numbers }, options, normAt);
    });
  }

  /**
   * Updates the loss scale after a step. Throws `training-diverged` if a number is not finite and a smaller scale
   * cannot help.
   */
  async #checkFinite(
    loss: number,
    norm: number,
    parts: DeviceArray,
    step: number,
  ): Promise<Pick<TrainerNumbers, 'lossScale' | 'skipped'>> {
    if (!Number.isFinite(loss)) throw this.#diverged(step, 'loss', await this.#causeOfLoss(parts));
    const used = this.#lossScale;
    const next = used && nextLossScale(used, !Number.isFinite(norm));
    if (used && next) {
      this.#lossScale = next;
      return { lossScale: used.scale, ...(Number.isFinite(norm) ? {} : { skipped: true }) };
    }
    if (Number.isFinite(norm)) return {};
    throw this.#diverged(step, 'gradientNorm', await divergedParameter(this.#gradients, this.#gradients, parts));
  }

  /**
   * Returns the name of the parameter that made the loss non-finite, if any. A non-finite weight spoils the loss and
   * thereby all gradients, so weights are searched first.
   */
  async #causeOfLoss(parts: DeviceArray): Promise<string | undefined> {
    const inWeights = await divergedParameter(this.weights, this.#gradients, parts);
    return inWeights ?? divergedParameter(this.#gradients, this.#gradients, parts);
  }

  #diverged(step: number, quantity: 'loss' | 'gradientNorm', parameter: string | undefined): AppError {
    const stepOfRun = (this.options.stepsBefore ?? 0) + step;
    const named = parameter === undefined ? {} : { parameter };
    return new AppError({ kind: 'training-diverged', step: stepOfRun, quantity, ...named });
  }
}
