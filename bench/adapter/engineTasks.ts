import type { KernelTime } from '../../src/domain/benchmark/kernelTime';
import { lowerMedian } from '../../src/domain/lowerMedian';
import type { EncoderConfig } from '../../src/domain/model';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import type { MatmulShape } from '../../workers/engine/ops/matmul/matmulShape';
import { planKey } from '../../workers/engine/ops/matmul/planKey';
import { releaseIdleMemory } from '../../workers/engine/releaseIdleMemory';
import { search } from '../../workers/engine/retrieval/search';
import { backwardShapes, forwardShapes } from '../../workers/engine/tuning/modelShapes';
import { tuneMatmul } from '../../workers/engine/tuning/tuneMatmul';
import { canTimeKernels } from '../../workers/services/benchmark/canTimeKernels';
import { productRate } from '../../workers/services/benchmark/productRate';
import { randomParameters } from '../../workers/services/benchmark/randomParameters';
import { equalLengths, randomTexts } from '../../workers/services/benchmark/randomTexts';
import { RandomTraining } from '../../workers/services/benchmark/randomTraining';
import { measuredKernelPlan } from '../../workers/services/device/kernelPlanOfRun';
import { encodeTexts } from '../../workers/services/evaluate/encodeTexts';
import { measureStep } from './measureStep';
import { randomVectors } from './randomVectors';
import type { EngineReport, EngineResult, PlanOrigin, StepPrecision, StepResult, TimesResult } from './report';
import { sizes, tokenCount, type Sizes, type StepSize } from './sizes';

const tuningBudgetMs = 5000;

interface Task {
  name: string;
  run: () => Promise<EngineResult>;
}

/** Thrown if the adapter lacks a feature that a task needs. */
export class NotOfferedError extends Error {}

/** The tasks of the benchmark, run on the open device. They share a model if possible. */
export class EngineTasks {
  readonly #sizes: Sizes;
  #gpu: WebGpuEngine;
  #training: { key: string; training: RandomTraining } | null = null;
  #plan: PlanOrigin = 'rules';

  constructor(
    gpu: WebGpuEngine,
    size: EngineReport['size'],
    private readonly leftMs: () => number,
  ) {
    this.#gpu = gpu;
    this.#sizes = sizes[size];
  }

  /** Continues with another device. The arrays of the previous one were destroyed with it. */
  use(gpu: WebGpuEngine): void {
    this.#training = null;
    this.#gpu = gpu;
    this.#plan = 'rules';
  }

  /** Returns the tasks in order of importance. */
  list(): Task[] {
    const { model, demo, steps, demoStep } = this.#sizes;
    const step = (size: StepSize, precision: StepPrecision, config = model): Task => {
      const name = `${size.task}, ${precision}`;
      return { name, run: () => this.#step(name, config, size, precision) };
    };
    const [first = demoStep] = steps;
    const tuned = `${first.task}, full, tuned`;
    return [
      ...steps.map((size) => step(size, 'full')),
      ...steps.map((size) => step(size, 'mixed-matrices')),
      ...steps.map((size) => step(size, 'mixed')),
      { name: 'products', run: () => this.#products() },
      { name: 'tuning', run: () => this.#tuning() },
      { name: tuned, run: () => this.#tunedStep(tuned, first) },
      { name: 'search', run: () => this.#search() },
      { name: 'encode', run: () => this.#encode() },
      step(demoStep, 'full', demo),
      step(demoStep, 'mixed', demo),
    ];
  }

  #tunedStep(task: string, size: StepSize): Promise<StepResult> {
    if (this.#plan !== 'tuned') throw new NotOfferedError('nothing was tuned');
    return this.#step(task, this.#sizes.model, size, 'full');
  }

  async #step(task: string, config: EncoderConfig, { texts }: StepSize, precision: StepPrecision): Promise<StepResult> {
    const training = this.#trainingOf(config, precision);
    const measured = await measureStep({ gpu: this.#gpu, training, config, texts, leftMs: this.leftMs });
    return { kind: 'step', task, precision, plan: this.#plan, ...measured };
  }

  /** Keeps one model open, because uploading the weights of BERT-base takes longer than a step. */
  #trainingOf(config: EncoderConfig, precision: StepPrecision): RandomTraining {
    const { hasHalf, traits } = this.#gpu;
    if (precision !== 'full' && !hasHalf) throw new NotOfferedError('the adapter has no half precision');
    const [matrices] = precision === 'mixed-matrices' ? (traits.matrixUnits ?? []) : [];
    if (precision === 'mixed-matrices' && !matrices) throw new NotOfferedError('the adapter offers no matrix units');
    const key = `${config.hiddenSize} ${config.layers} ${precision}`;
    if (this.#training?.key === key) return this.#training.training;
    this.#closeTraining();
    const training = new RandomTraining(this.#gpu, {
      config,
      precision: precision === 'full' ? 'full' : 'mixed',
      matrices,
      dropout: 0,
    });
    this.#training = { key, training };
    return training;
  }

  #closeTraining(): void {
    this.#training?.training.dispose();
    this.#training = null;
  }

  async #products(): Promise<EngineResult> {
    this.#closeTraining();
    const { square } = this.#sizes;
    const shapes: MatmulShape[] = [
      { layout: 'NN', epilogue: 'plain', rows: square, columns: square, depth: square },
      ...this.#modelShapes(),
    ];
    const rows = [];
    for (const shape of shapes) {
      if (rows.length > 0 && this.leftMs() <= 0) break;
      const { ms, gflops, clock } = await productRate(this.#gpu, shape);
      rows.push({ name: shapeName(shape), ms, gflops, clock });
    }
    return { kind: 'products', task: 'products', plan: this.#plan, rows };
  }

  /** Returns the products of the model's layers in a step of the most important size. */
  #modelShapes(): MatmulShape[] {
    const { model, steps } = this.#sizes;
    const tokens = steps[0] ? tokenCount(steps[0].texts) : 0;
    return [...forwardShapes(model, tokens), ...backwardShapes(model, tokens)];
  }

  async #tuning(): Promise<EngineResult> {
    this.#closeTraining();
    const startedAt = performance.now();
    const shapes = this.#modelShapes();
    const tuned = await tuneMatmul(this.#gpu, shapes, { budgetMs: tuningBudgetMs });
    const ms = performance.now() - startedAt;
    this.#gpu.plan = measuredKernelPlan(tuned);
    this.#plan = 'tuned';
    const rows = tuned.map(({ shape, tiling, gflops, defaultGflops }) => ({
      name: planKey(shape),
      tiling: JSON.stringify(tiling),
      gflops,
      defaultGflops,
    }));
    return { kind: 'tuning', task: 'tuning', ms, shapes: shapes.length, rows };
  }

  async #search(): Promise<EngineResult> {
    this.#closeTraining();
    const { passages, width, queries, k } = this.#sizes.search;
    const input = {
      queries: randomVectors(queries, width),
      passages: randomVectors(passages, width),
      targets: Array.from({ length: queries }, () => []),
      k,
    };
    const what = `${passages} × ${width}, ${queries} queries, best ${k}, vectors on the host`;
    return this.#times('search', what, () => search(this.#gpu, input));
  }

  async #encode(): Promise<EngineResult> {
    const { model: config, encode } = this.#sizes;
    this.#closeTraining();
    const parameters = randomParameters(this.#gpu, config);
    const set = randomTexts(equalLengths(encode.texts, encode.tokens), config.vocabularySize, 1);
    try {
      return await this.#times('encode', `${encode.texts} texts × ${encode.tokens} tokens, float32`, () =>
        encodeTexts({ parameters, config, pooling: 'mean' }, set, () => Promise.resolve()),
      );
    } finally {
      parameters.dispose();
      releaseIdleMemory(this.#gpu);
    }
  }

  async #times(task: string, what: string, work: () => Promise<unknown>): Promise<TimesResult> {
    const time = async (): Promise<number> => {
      const startedAt = performance.now();
      await work();
      return performance.now() - startedAt;
    };
    const firstMs = await time();
    const ms: number[] = [];
    while (ms.length < 2 || (ms.length < 5 && this.leftMs() > 0)) ms.push(await time());
    const profile = await this.#profileOf(work);
    return {
      kind: 'times',
      task,
      what,
      plan: this.#plan,
      firstMs,
      medianMs: lowerMedian(ms),
      minMs: Math.min(...ms),
      rounds: ms.length,
      profile,
    };
  }

  /** Returns the GPU time of the work by kernel, or null if the device has no timestamp queries. */
  async #profileOf(work: () => Promise<unknown>): Promise<KernelTime[] | null> {
    if (!canTimeKernels(this.#gpu)) return null;
    this.#gpu.commands.startProfile();
    await work();
    return this.#gpu.commands.finishProfile();
  }
}

function shapeName({ layout, epilogue, rows, columns, depth }: MatmulShape): string {
  return `${layout} ${rows} × ${columns} × ${depth}${epilogue === 'plain' ? '' : `, ${epilogue}`}`;
}
