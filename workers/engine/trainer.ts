import { AppError } from '../../src/domain/errors';
import { quadsFor } from '../../src/domain/quads';
import type { Stage } from '../../src/domain/experiment';
import { nextLossScale, type LossScale } from '../../src/domain/lossScale';
import type { StepWay } from '../../src/domain/memory/stepWay';
import type { EncoderConfig } from '../../src/domain/model';
import { lengthOf, type DeviceArray } from './arrays';
import type { Engine } from './engine';
import { gradCacheGradients } from './gradCache';
import { infoNce, infoNceNumbers } from './losses/infoNceKernels';
import type { AdamWState, Moment } from './model/adamWState';
import { HalfWeights } from './model/halfWeights';
import { backward, forward } from './model/encoder';
import type { EncoderContext } from './model/layer';
import { freeTokens, uploadTokens } from './model/deviceTokens';
import { joinBatches, packTokens, type TokenBatch } from './model/packedTokens';
import type { ParameterStore } from './model/parameters';
import { SegmentTable } from './model/segments';
import { normalizeBackward, poolingBackward, poolingForward } from './ops/pooling/kernels';
import { dropoutRates } from './ops/dropout/random';
import type { Pooling } from './ops/pooling/pooling';
import { adamW, clipping, squareParts, sumSquares, partLength } from './optimizer/kernels';

export interface TrainerOptions {
  parameters: ParameterStore;
  config: EncoderConfig;
  pooling: Pooling;
  /** The loss compares cosines, so it does not depend on this. */
  normalize: boolean;
  loss: Stage['loss'];
  optimizer: Stage['optimizer'];
  dropout: Stage['dropout'];
  seed: number;
  /** Steps of the run before the first of this trainer: its errors name a step of the run. */
  stepsBefore?: number;
  /** Plain where none is named. */
  way?: StepWay | undefined;
  /** Mixed precision, going on from this scale; without it all is computed in float32. Throws a RangeError on a device that has no half precision. */
  lossScale?: LossScale | undefined;
  /** Goes on from these moments; they stay the caller's to dispose, as the parameters do. */
  adamW: AdamWState;
}

export interface StepNumbers {
  loss: number;
  /** L2 norm of all gradients before clipping. */
  gradientNorm: number;
  inBatchAccuracy: number;
  positiveScore: number;
  negativeScore: number;
  tokens: number;
  /** In mixed precision: the scale of this step's gradients. */
  lossScale?: number;
  /** Gradients overflowed in half precision: the step changed nothing, its norm is not finite. */
  skipped?: true;
}

/** Trains all parameters by in-batch InfoNCE and AdamW, a step at a time. */
export interface Trainer {
  /** Of the next step, in mixed precision. */
  readonly lossScale: LossScale | undefined;
  /**
   * One step on a batch of which positive i belongs to anchor i. `step` counts from 1: it is AdamW's t and the key of dropout's numbers.
   * Throws `training-diverged` with all weights as they were, and what the device reports.
   */
  step(anchors: TokenBatch, positives: TokenBatch, learningRate: number, step: number): Promise<StepNumbers>;
  dispose(): void;
}

/** Behind the loss's numbers: the gradients' norm and the factor that clips it. */
const normAt = infoNceNumbers;
const numbersLength = infoNceNumbers + 2;

export interface GradientOptions extends Pick<TrainerOptions, 'pooling' | 'way'> {
  /** `gradientScale`: factor of all gradients, 1 where it is not named. */
  loss: TrainerOptions['loss'] & { gradientScale?: number | undefined };
}

/** Loss and gradients of all parameters, written to `numbers` and `gradients`, in the way that the options name. */
export function computeGradients(
  context: Omit<EncoderContext, 'tokens'>,
  anchors: TokenBatch,
  positives: TokenBatch,
  options: GradientOptions,
  into: { numbers: DeviceArray; gradients: SegmentTable },
): void {
  const { pooling, loss, way = { kind: 'plain' } } = options;
  if (way.kind === 'gradCache') {
    const { tokensPerPass } = way;
    return gradCacheGradients(context, { anchors, positives }, { pooling, loss, tokensPerPass }, into);
  }
  const { engine, config } = context;
  const packed = packTokens(joinBatches(anchors, positives), config, quadsFor);
  engine.pool.withRowCapacity(packed.rows, quadsFor(way.tokensPerPass ?? packed.rows), () => {
    const tokens = uploadTokens(engine, packed);
    wholeGradients({ ...context, tokens }, anchors.offsets.length - 1, { pooling, loss, way }, into);
    freeTokens(engine, tokens);
  });
}

/** Anchors and positives go through the encoder as one packed batch; text `firstPositive` is the first of the positives. */
function wholeGradients(
  context: EncoderContext,
  firstPositive: number,
  { pooling, loss, way }: Pick<GradientOptions, 'pooling' | 'loss'> & { way: StepWay },
  into: { numbers: DeviceArray; gradients: SegmentTable },
): void {
  const { engine, tokens } = context;
  const { hidden, saved } = forward(context, way.kind === 'recompute'); // [T, H]
  const pool = (firstText: number, texts: number) =>
    poolingForward(engine, hidden, { ...tokens, firstText, texts, pooling }, true); // [B, H]
  const a = pool(0, firstPositive);
  const p = pool(firstPositive, tokens.packed.texts - firstPositive);
  engine.pool.free(hidden);
  const dUnit = infoNce(engine, a.y, p.y, loss, into.numbers);
  const dAnchors = normalizeBackward(engine, dUnit.anchors, a.saved); // [B, H]
  const dPositives = normalizeBackward(engine, dUnit.candidates, p.saved); // [B, H]
  const dHidden = poolingBackward(engine, dAnchors, dPositives, { ...tokens, pooling }, hidden.storage); // [T, H]
  const done = [dUnit.anchors, dUnit.candidates, dAnchors, dPositives, a.y, a.saved.norms, p.y, p.saved.norms];
  for (const array of done) engine.pool.free(array);
  backward(dHidden, saved, context, { table: into.gradients, accumulate: false });
}

/** Nothing but a few numbers is read back in a step. */
export class EngineTrainer implements Trainer {
  readonly #engine: Engine;
  readonly #gradients: SegmentTable;
  readonly #half: HalfWeights | undefined;
  #lossScale: LossScale | undefined;

  constructor(
    private readonly options: Omit<TrainerOptions, 'parameters' | 'adamW'>,
    private readonly weights: SegmentTable,
    private readonly moments: Readonly<Record<Moment, SegmentTable>>,
  ) {
    this.#engine = weights.engine;
    this.#gradients = new SegmentTable(weights.engine, weights.layout, 'trainable');
    this.#lossScale = options.lossScale;
    if (!options.lossScale) return;
    if (!this.#engine.hasHalf) throw new RangeError('the device has no half precision');
    this.#half = new HalfWeights(weights, options.config);
  }

  get lossScale(): LossScale | undefined {
    return this.#lossScale;
  }

  /** As `Trainer.step`. Throws `training-diverged` with all weights as they were, and what the device reports. */
  async step(anchors: TokenBatch, positives: TokenBatch, learningRate: number, step: number): Promise<StepNumbers> {
    const { pool, commands } = this.#engine;
    const numbers = pool.allocate([numbersLength]);
    const parts = pool.allocate([this.#partCount()]);
    const { config, seed } = this.options;
    const rates = dropoutRates(this.options.dropout, config);
    const dropout = rates && { rates, seed, step };
    const context = { engine: this.#engine, weights: this.weights, half: this.#half, config, dropout };
    const loss = { ...this.options.loss, gradientScale: this.#lossScale?.scale };
    this.#half?.refresh();
    computeGradients(
      context, anchors, positives, { ...this.options, loss }, { numbers, gradients: this.#gradients },
    ); // prettier-ignore
    this.#update(numbers, parts, learningRate, step);
    try {
      const values = await commands.read(numbers); // GPU→CPU sync, the only one of a step
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

  #update(numbers: DeviceArray, parts: DeviceArray, learningRate: number, step: number): void {
    const { optimizer } = this.options;
    // AdamW's t counts the updates that were made.
    const update = step - (this.#lossScale?.skipped ?? 0);
    this.#sumSquares(this.#gradients, parts);
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

  #partCount(): number {
    return this.#gradients.arrays.reduce((sum, array) => sum + (array ? squareParts(array) : 0), 0);
  }

  /** What there is to say of the loss's scale, which follows the norm. Throws `training-diverged` where a smaller scale cannot help. */
  async #checkFinite(
    loss: number,
    norm: number,
    parts: DeviceArray,
    step: number,
  ): Promise<Pick<StepNumbers, 'lossScale' | 'skipped'>> {
    if (!Number.isFinite(loss)) throw this.#diverged(step, 'loss', await this.#behindLoss(parts));
    const used = this.#lossScale;
    const next = used && nextLossScale(used, !Number.isFinite(norm));
    if (used && next) {
      this.#lossScale = next;
      return { lossScale: used.scale, ...(Number.isFinite(norm) ? {} : { skipped: true }) };
    }
    if (Number.isFinite(norm)) return {};
    throw this.#diverged(step, 'gradientNorm', await this.#firstNotFinite(this.#gradients, parts));
  }

  #diverged(step: number, quantity: 'loss' | 'gradientNorm', parameter: string | undefined): AppError {
    const inRun = (this.options.stepsBefore ?? 0) + step;
    return new AppError({
      kind: 'training-diverged', step: inRun, quantity, ...(parameter === undefined ? {} : { parameter }),
    }); // prettier-ignore
  }

  /** A parameter that is not finite spoils the loss, and so the gradients of all: it is looked for first. */
  async #behindLoss(parts: DeviceArray): Promise<string | undefined> {
    return (await this.#firstNotFinite(this.weights, parts)) ?? this.#firstNotFinite(this.#gradients, parts);
  }

  /** The first parameter of which the table's numbers, or the sum of their squares, are not finite. */
  async #firstNotFinite(table: SegmentTable, parts: DeviceArray): Promise<string | undefined> {
    this.#sumSquares(table, parts);
    const squares = await this.#engine.commands.read(parts); // GPU→CPU sync
    let part = squares.findIndex((square) => !Number.isFinite(square));
    if (part < 0) return undefined;
    for (const [segment, array] of table.arrays.entries()) {
      if (!array || !this.#gradients.arrays[segment]) continue;
      if (part >= squareParts(array)) {
        part -= squareParts(array);
        continue;
      }
      const first = part * partLength;
      const shape = [Math.min(partLength, lengthOf(array.shape) - first)];
      const values = await this.#engine.commands.read({ ...array, offset: array.offset + first * 4, shape }); // GPU→CPU sync
      return table.ownerOf(segment, first + largest(values));
    }
    return undefined;
  }

  /** Parts of the sums of squares of all that is trained. */
  #sumSquares(table: SegmentTable, parts: DeviceArray): void {
    let firstPart = 0;
    for (const [segment, array] of table.arrays.entries()) {
      if (!array || !this.#gradients.arrays[segment]) continue;
      sumSquares(this.#engine, array, parts, firstPart);
      firstPart += squareParts(array);
    }
  }
}

/** Where the first NaN stands, or the number of the largest size. */
function largest(values: Float32Array): number {
  const broken = values.findIndex(Number.isNaN);
  if (broken >= 0) return broken;
  return values.reduce((best, value, i) => (Math.abs(value) > Math.abs(values[best] ?? 0) ? i : best), 0);
}

export function createTrainer(options: TrainerOptions): Trainer {
  return new EngineTrainer(options, options.parameters.segments, options.adamW.segments);
}
