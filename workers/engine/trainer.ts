import * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../src/domain/errors';
import type { Stage } from '../../src/domain/experiment';
import type { EncoderConfig } from '../../src/domain/model';
import { readTensor } from './device';
import { infoNceBackward, infoNceForward } from './losses/infoNce';
import { type AdamWState } from './model/adamWState';
import { GpuTrainer } from './gpuTrainer';
import { backward, forward, type Gradients, type TokenBatch } from './model/encoder';
import { isDecayed } from './model/names';
import { joinBatches, packTokens } from './model/packedTokens';
import type { ParameterStore } from './model/parameters';
import { poolingBackward, poolingForward, type Pooling } from './ops/pooling/pooling';
import { adamWUpdate } from './optimizer/adamW';
import { clipFactor, sumOfSquares } from './optimizer/clipping';

export interface TrainerOptions {
  parameters: ParameterStore;
  config: EncoderConfig;
  pooling: Pooling;
  /** The loss compares cosines, so it does not depend on this. */
  normalize: boolean;
  loss: Stage['loss'];
  optimizer: Stage['optimizer'];
  /** Rate at every place where BERT drops; 0 turns it off. */
  dropout: number;
  seed: number;
  /** Computes each layer twice instead of keeping its numbers; on WebGPU. */
  recompute?: boolean;
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
}

type Computed = { numbers: tf.Tensor; gradients: Gradients };

/** Trains all parameters by in-batch InfoNCE and AdamW, a step at a time. */
export interface Trainer {
  /**
   * One step on a batch of which positive i belongs to anchor i. `step` counts from 1: it is AdamW's t and the key of dropout's numbers.
   * Throws `training-diverged` with all weights as they were, and what the device reports.
   */
  step(anchors: TokenBatch, positives: TokenBatch, learningRate: number, step: number): Promise<StepNumbers>;
  dispose(): void;
}

export function createTrainer(options: TrainerOptions): Trainer {
  const { segments: weights } = options.parameters;
  const { segments: moments } = options.adamW;
  return weights && moments ? new GpuTrainer(options, weights, moments) : new ReferenceTrainer(options);
}

/** Reference ops on tfjs: what wasm runs. */
class ReferenceTrainer implements Trainer {
  readonly #options: TrainerOptions;
  readonly #adamW: AdamWState;

  constructor(options: TrainerOptions) {
    this.#options = options;
    this.#adamW = options.adamW;
  }

  async step(anchors: TokenBatch, positives: TokenBatch, learningRate: number, step: number): Promise<StepNumbers> {
    const tokens = (anchors.offsets.at(-1) ?? 0) + (positives.offsets.at(-1) ?? 0);
    const { numbers, gradients } = tf.tidy(() => this.#compute(anchors, positives, step));
    try {
      const values = await readTensor(numbers); // GPU→CPU sync, the only one of a step
      const [loss = NaN, inBatchAccuracy = NaN, positiveScore = NaN, negativeScore = NaN] = values;
      const squares = values.subarray(lossNumbers);
      const gradientNorm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
      checkFinite(loss, squares, Object.keys(gradients), step);
      this.#update(gradients, learningRate, step, clipFactor(gradientNorm, this.#options.optimizer.clipNorm));
      return { loss, gradientNorm, inBatchAccuracy, positiveScore, negativeScore, tokens };
    } finally {
      tf.dispose([numbers, gradients]);
    }
  }

  dispose(): void {
    // Nothing is kept between steps.
  }

  /** All anchors and positives go through the encoder as one packed batch. */
  #compute(anchors: TokenBatch, positives: TokenBatch, step: number): Computed {
    const { parameters, config, pooling, loss: lossOptions, dropout: rate, seed } = this.#options;
    const packed = packTokens(joinBatches(anchors, positives), config);
    const context = { parameters, config, tokens: packed, dropout: rate > 0 ? { rate, seed, step } : undefined };
    const encoded = forward(context); // [T, H]
    const pooled = poolingForward(encoded.hidden, packed, pooling); // [2B, H]
    const [a, p] = tf.split(pooled.y, 2); // [B, H] each
    if (!a || !p) throw new TypeError('two halves');
    const loss = infoNceForward(a, p, lossOptions);
    const dVectors = infoNceBackward(loss.saved);
    const dHidden = poolingBackward(tf.concat([dVectors.anchors, dVectors.positives], 0), pooled.saved); // [T, H]
    const gradients = backward(dHidden, encoded.saved, context, (name) => parameters.isTrainable(name));
    const scalars = [loss.loss, loss.accuracy, loss.positiveScore, loss.negativeScore].map((scalar) =>
      tf.reshape(scalar, [1]),
    );
    const numbers = tf.concat([...scalars, ...Object.values(gradients).map(sumOfSquares)]); // [4 + parameters]
    return { numbers, gradients };
  }

  #update(gradients: Gradients, learningRate: number, step: number, gradientScale: number): void {
    const { parameters, optimizer } = this.#options;
    for (const [name, gradient] of Object.entries(gradients)) {
      const state = {
        parameter: parameters.tensor(name),
        m: this.#adamW.tensor('m', name),
        v: this.#adamW.tensor('v', name),
      };
      const next = adamWUpdate(state, gradient, {
        ...optimizer,
        learningRate,
        step,
        gradientScale,
        decayed: isDecayed(name),
      });
      parameters.replace(name, next.parameter);
      this.#adamW.replace('m', name, next.m);
      this.#adamW.replace('v', name, next.v);
      gradient.dispose();
    }
  }
}

/** Loss, accuracy, score of positives, score of negatives: what stands before the sums of squares. */
const lossNumbers = 4;

function checkFinite(loss: number, squares: Float32Array, names: string[], step: number): void {
  if (!Number.isFinite(loss)) throw new AppError({ kind: 'training-diverged', step, quantity: 'loss' });
  const broken = squares.findIndex((square) => !Number.isFinite(square));
  const parameter = names[broken];
  if (parameter !== undefined)
    throw new AppError({ kind: 'training-diverged', step, quantity: 'gradientNorm', parameter });
}
