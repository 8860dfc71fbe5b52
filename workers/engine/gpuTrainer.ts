import { AppError } from '../../src/domain/errors';
import type { GpuArray } from './gpu/arrays';
import type { Gpu } from './gpu/gpu';
import { infoNce, infoNceNumbers } from './losses/infoNceKernels';
import { backward, forward } from './model/gpuEncoder';
import type { GpuContext } from './model/gpuLayer';
import { freeTokens, uploadTokens } from './model/gpuTokens';
import { joinBatches, packTokens, quads, type TokenBatch } from './model/packedTokens';
import { SegmentTable } from './model/segments';
import { normalizeBackward, poolingBackward, poolingForward } from './ops/pooling/kernels';
import { adamW, clipping, squareParts, sumSquares, partLength } from './optimizer/kernels';
import type { StepNumbers, Trainer, TrainerOptions } from './trainer';

/** AdamW's moments, laid out as the weights are. */
export interface GpuMoments {
  m: SegmentTable;
  v: SegmentTable;
}

/** Behind the loss's numbers: the gradients' norm and the factor that clips it. */
const normAt = infoNceNumbers;
const numbersLength = infoNceNumbers + 2;

/**
 * Loss and gradients of all parameters, written to `numbers` and `gradients`. Anchors and positives go through the encoder as one packed batch.
 */
export function computeGradients(
  context: Omit<GpuContext, 'tokens'>,
  anchors: TokenBatch,
  positives: TokenBatch,
  { pooling, loss, recompute }: Pick<TrainerOptions, 'pooling' | 'loss' | 'recompute'>,
  into: { numbers: GpuArray; gradients: SegmentTable },
): void {
  const { gpu, config } = context;
  const tokens = uploadTokens(gpu, packTokens(joinBatches(anchors, positives), config, quads));
  const { hidden, saved } = forward({ ...context, tokens }, recompute); // [T, H]
  const firstPositive = anchors.offsets.length - 1;
  const pool = (firstText: number, texts: number) =>
    poolingForward(gpu, hidden, { ...tokens, firstText, texts, pooling }, true); // [B, H]
  const a = pool(0, firstPositive);
  const p = pool(firstPositive, positives.offsets.length - 1);
  gpu.pool.free(hidden);
  const dUnit = infoNce(gpu, a.y, p.y, loss, into.numbers);
  const dAnchors = normalizeBackward(gpu, dUnit.anchors, a.saved); // [B, H]
  const dPositives = normalizeBackward(gpu, dUnit.candidates, p.saved); // [B, H]
  const dHidden = poolingBackward(gpu, dAnchors, dPositives, { ...tokens, pooling }); // [T, H]
  const done = [dUnit.anchors, dUnit.candidates, dAnchors, dPositives, a.y, a.saved.norms, p.y, p.saved.norms];
  for (const array of done) gpu.pool.free(array);
  backward(dHidden, saved, { ...context, tokens }, into.gradients);
  freeTokens(gpu, tokens);
}

/** Trains all parameters by in-batch InfoNCE and AdamW on WebGPU, a step at a time; nothing but a few numbers is read back. */
export class GpuTrainer implements Trainer {
  readonly #gpu: Gpu;
  readonly #gradients: SegmentTable;

  constructor(
    private readonly options: Omit<TrainerOptions, 'parameters' | 'adamW'>,
    private readonly weights: SegmentTable,
    private readonly moments: GpuMoments,
  ) {
    this.#gpu = weights.gpu;
    this.#gradients = new SegmentTable(weights.gpu, weights.layout, 'trainable');
  }

  /** As `Trainer.step`. Throws `training-diverged` with all weights as they were, and what the device reports. */
  async step(anchors: TokenBatch, positives: TokenBatch, learningRate: number, step: number): Promise<StepNumbers> {
    const { pool, commands } = this.#gpu;
    const numbers = pool.allocate([numbersLength]);
    const parts = pool.allocate([this.#partCount()]);
    const { config, dropout: rate, seed } = this.options;
    const dropout = rate > 0 ? { rate, seed, step } : undefined;
    const context = { gpu: this.#gpu, weights: this.weights, config, dropout };
    computeGradients(context, anchors, positives, this.options, { numbers, gradients: this.#gradients });
    this.#update(numbers, parts, learningRate, step);
    try {
      const values = await commands.read(numbers); // GPU→CPU sync, the only one of a step
      const [loss = NaN, inBatchAccuracy = NaN, positiveScore = NaN, negativeScore = NaN, gradientNorm = NaN] = values;
      await this.#checkFinite(loss, gradientNorm, parts, step);
      const tokens = (anchors.offsets.at(-1) ?? 0) + (positives.offsets.at(-1) ?? 0);
      return { loss, gradientNorm, inBatchAccuracy, positiveScore, negativeScore, tokens };
    } finally {
      pool.free(numbers);
      pool.free(parts);
      pool.trim();
    }
  }

  dispose(): void {
    this.#gradients.dispose();
  }

  #update(numbers: GpuArray, parts: GpuArray, learningRate: number, step: number): void {
    const { optimizer } = this.options;
    let firstPart = 0;
    for (const gradients of this.#gradients.arrays) {
      if (!gradients) continue;
      sumSquares(this.#gpu, gradients, parts, firstPart);
      firstPart += squareParts(gradients);
    }
    clipping(this.#gpu, parts, optimizer.clipNorm, numbers, normAt);
    this.weights.layout.segments.forEach(({ decayed }, i) => {
      const [weights, gradients, m, v] = [this.weights, this.#gradients, this.moments.m, this.moments.v].map(
        (table) => table.arrays[i],
      );
      if (!weights || !gradients || !m || !v) return;
      adamW(this.#gpu, { weights, gradients, m, v, numbers }, { ...optimizer, learningRate, step, decayed }, normAt);
    });
  }

  #partCount(): number {
    return this.#gradients.arrays.reduce((sum, array) => sum + (array ? squareParts(array) : 0), 0);
  }

  async #checkFinite(loss: number, norm: number, parts: GpuArray, step: number): Promise<void> {
    if (!Number.isFinite(loss)) throw new AppError({ kind: 'training-diverged', step, quantity: 'loss' });
    if (Number.isFinite(norm)) return;
    const squares = await this.#gpu.commands.read(parts); // GPU→CPU sync
    let part = squares.findIndex((square) => !Number.isFinite(square));
    for (const [segment, array] of this.#gradients.arrays.entries()) {
      if (!array) continue;
      const parameter = this.#gradients.ownerOf(segment, part * partLength);
      if (part < squareParts(array) && parameter !== undefined)
        throw new AppError({ kind: 'training-diverged', step, quantity: 'gradientNorm', parameter });
      part -= squareParts(array);
    }
    throw new AppError({ kind: 'training-diverged', step, quantity: 'gradientNorm', parameter: 'embeddings' });
  }
}
