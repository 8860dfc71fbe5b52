import * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../../src/domain/errors';
import { readTensor } from '../device';
import { infoNceBackward, infoNceForward } from '../losses/infoNce';
import { type AdamWState } from '../model/adamWState';
import { isDecayed } from '../model/names';
import { joinBatches, packTokens, type TokenBatch } from '../model/packedTokens';
import { poolingBackward, poolingForward } from '../ops/pooling/pooling';
import { adamWUpdate } from '../optimizer/adamW';
import { clipFactor, sumOfSquares } from '../optimizer/clipping';
import type { StepNumbers, Trainer, TrainerOptions } from '../trainer';
import { backward, forward } from './encoder';
import type { Gradients } from './layer';

type Computed = { numbers: tf.Tensor; gradients: Gradients };

/** Reference ops on tfjs: what wasm runs. */
export class ReferenceTrainer implements Trainer {
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
    const dHidden = poolingBackward(tf.concat([dVectors.anchors, dVectors.candidates], 0), pooled.saved); // [T, H]
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
