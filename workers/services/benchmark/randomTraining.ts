import { kernelMs, type KernelTime } from '../../../src/domain/benchmark/kernelTime';
import type { Precision } from '../../../src/domain/experiment';
import type { StepStrategy } from '../../../src/domain/memory/stepStrategy';
import type { EncoderConfig } from '../../../src/domain/model';
import { firstLossScale } from '../../../src/domain/train/lossScale';
import type { Engine } from '../../engine/engine';
import { infoNceLoss } from '../../engine/losses/infoNce';
import type { MatrixUnits } from '../../engine/matrixUnits';
import { AdamWState } from '../../engine/model/adamWState';
import type { ParameterStore } from '../../engine/model/parameterStore';
import { releaseIdleMemory } from '../../engine/releaseIdleMemory';
import { Trainer, type TrainerNumbers } from '../../engine/trainer';
import { canTimeKernels } from './canTimeKernels';
import { randomParameters } from './randomParameters';
import { randomTexts } from './randomTexts';

const loss = infoNceLoss({ temperature: 0.05, directions: 'queryToPassage' });
const optimizer = {
  kind: 'adamW',
  learningRate: 1e-5,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  clipNorm: 1,
} as const;

/** Token counts of the texts in a step. */
export interface StepTexts {
  anchors: readonly number[];
  positives: readonly number[];
}

interface RandomTrainingOptions {
  config: EncoderConfig;
  stepStrategy?: StepStrategy;
  precision?: Precision;
  /** Matrix units for the products of mixed precision. */
  matrices?: MatrixUnits | undefined;
  /** Dropout rate; 0.1 if absent. */
  dropout?: number;
}

/** Number of profiled steps. The one with the least GPU time counts. */
const profiledSteps = 3;

/** Runs training steps of a model with random weights on random texts, in order to measure them. */
export class RandomTraining {
  readonly #parameters: ParameterStore;
  readonly #adamW: AdamWState;
  readonly #trainer: Trainer;
  /** Number of steps that have begun, and of those that are unfinished. */
  #begun = 0;
  #underWay = 0;

  constructor(
    private readonly engine: Engine,
    private readonly options: RandomTrainingOptions,
  ) {
    const { config, stepStrategy = { kind: 'plain' }, precision = 'full', matrices, dropout = 0.1 } = options;
    this.#parameters = randomParameters(engine, config);
    this.#adamW = new AdamWState(this.#parameters);
    const lossScale = precision === 'full' ? undefined : firstLossScale();
    this.#trainer = new Trainer(
      { config, stepStrategy, pooling: 'mean', dropout, seed: 1, loss, optimizer, lossScale, matrices },
      this.#parameters.segments,
      this.#adamW.segments,
    );
  }

  /** Runs a step while no other step is in progress. The milliseconds include the readback of the loss. */
  async single(texts: StepTexts): Promise<{ ms: number; loss: number }> {
    await this.#drain();
    const startedAt = performance.now();
    this.#begin(texts);
    const { loss } = await this.#finish();
    return { ms: performance.now() - startedAt, loss };
  }

  /**
   * Measures up to `count` steps as a run executes them: each begins before the numbers of the previous one arrive.
   * Returns the milliseconds between arrivals. `enough` may end the measurement early.
   */
  async consecutive(
    texts: StepTexts,
    count: number,
    enough: (ms: readonly number[]) => boolean | Promise<boolean> = () => false,
  ): Promise<number[]> {
    const ms: number[] = [];
    await this.#drain();
    let arrivedAt = performance.now();
    while (ms.length < count) {
      // On wasm, beginning a step computes all of it.
      while (this.#underWay <= this.#trainer.stepsAhead) this.#begin(texts);
      await this.#finish();
      const now = performance.now();
      ms.push(now - arrivedAt);
      arrivedAt = now;
      if (await enough(ms)) break;
    }
    await this.#drain();
    return ms;
  }

  /** Returns the GPU time of a step by kernel, or null if the device has no timestamp queries. */
  async profile(texts: StepTexts): Promise<KernelTime[] | null> {
    if (!canTimeKernels(this.engine)) return null;
    const { commands } = this.engine;
    await this.#drain();
    let best: KernelTime[] | null = null;
    for (let round = 0; round < profiledSteps; round++) {
      commands.startProfile();
      await this.single(texts);
      const kernels = await commands.finishProfile();
      if (!best || kernelMs(kernels) < kernelMs(best)) best = kernels;
    }
    return best;
  }

  dispose(): void {
    this.#trainer.dispose();
    this.#adamW.dispose();
    this.#parameters.dispose();
    // Frees the pooled buffers, so that the next model neither reuses them nor counts them as its own.
    releaseIdleMemory(this.engine);
  }

  #begin({ anchors, positives }: StepTexts): void {
    const { vocabularySize } = this.options.config;
    const number = ++this.#begun;
    this.#underWay++;
    const batch = {
      anchors: randomTexts(anchors, vocabularySize, 2 * number),
      candidates: randomTexts(positives, vocabularySize, 2 * number + 1),
    };
    this.#trainer.begin(batch, optimizer.learningRate, number);
  }

  /** Waits for all steps that have begun. */
  async #drain(): Promise<void> {
    while (this.#underWay > 0) await this.#finish();
  }

  #finish(): Promise<TrainerNumbers> {
    this.#underWay--;
    return this.#trainer.finish();
  }
}
