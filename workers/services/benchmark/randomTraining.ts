import { kernelMs, type KernelTime } from '../../../src/domain/benchmark/kernelTime';
import type { StepWay } from '../../../src/domain/memory/stepWay';
import type { EncoderConfig } from '../../../src/domain/model';
import type { Precision } from '../../../src/domain/experiment';
import { firstLossScale } from '../../../src/domain/train/lossScale';
import type { Engine } from '../../engine/engine';
import { AdamWState } from '../../engine/model/adamWState';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import { Trainer } from '../../engine/trainer';
import { canTimeKernels } from './canTimeKernels';
import { randomParameters } from './randomParameters';
import { randomTexts } from './randomTexts';

const loss = { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' } as const;
const optimizer = {
  kind: 'adamW',
  learningRate: 1e-5,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  clipNorm: 1,
} as const;

/** Token counts of the texts of a step. */
export interface StepTexts {
  anchors: readonly number[];
  positives: readonly number[];
}

export interface RandomTrainingOptions {
  config: EncoderConfig;
  way?: StepWay;
  precision?: Precision;
  /** Dropout rate. */
  dropout?: number;
}

/** Profiled steps; the one with the least GPU time counts. */
const profiledSteps = 3;

/** Training steps of a model with random weights on random texts, for measuring. */
export class RandomTraining {
  readonly #parameters: ParameterStore;
  readonly #adamW: AdamWState;
  readonly #trainer: Trainer;
  #steps = 0;

  constructor(
    private readonly engine: Engine,
    private readonly options: RandomTrainingOptions,
  ) {
    const { config, way = { kind: 'plain' }, precision = 'full', dropout = 0.1 } = options;
    this.#parameters = randomParameters(engine, config);
    this.#adamW = new AdamWState(this.#parameters);
    const lossScale = precision === 'full' ? undefined : firstLossScale();
    this.#trainer = new Trainer(
      { config, way, pooling: 'mean', dropout, seed: 1, loss, optimizer, lossScale },
      this.#parameters.segments,
      this.#adamW.segments,
    );
  }

  /** Runs a step. Returns its milliseconds, including the readback of the loss, and the loss. */
  async step({ anchors, positives }: StepTexts): Promise<{ ms: number; loss: number }> {
    const { vocabularySize } = this.options.config;
    const number = ++this.#steps;
    const first = randomTexts(anchors, vocabularySize, 2 * number);
    const second = randomTexts(positives, vocabularySize, 2 * number + 1);
    const startedAt = performance.now();
    const { loss } = await this.#trainer.step(first, second, optimizer.learningRate, number);
    return { ms: performance.now() - startedAt, loss };
  }

  /** Returns the GPU time of a step by kernel, or null if the device has no timestamp queries. */
  async profile(texts: StepTexts): Promise<KernelTime[] | null> {
    if (!canTimeKernels(this.engine)) return null;
    const { commands } = this.engine;
    let best: KernelTime[] | null = null;
    for (let round = 0; round < profiledSteps; round++) {
      commands.startProfile();
      await this.step(texts);
      const kernels = await commands.finishProfile();
      if (!best || kernelMs(kernels) < kernelMs(best)) best = kernels;
    }
    return best;
  }

  dispose(): void {
    this.#trainer.dispose();
    this.#adamW.dispose();
    this.#parameters.dispose();
    // Free the pooled buffers, so that the next model neither reuses them nor counts them as its own.
    releaseIdleMemory(this.engine);
  }
}
