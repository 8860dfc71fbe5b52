/** Measures the engine on a WebGPU device, task by task, in order of importance. Runs in Node and in a worker. */
import { kernelsVersion } from '../../src/domain/kernelPlan';
import type { Precision } from '../../src/domain/experiment';
import type { EncoderConfig } from '../../src/domain/model';
import { closeDevice, deviceWebGpu, openDevice } from '../../workers/engine/device';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import type { MatmulShape } from '../../workers/engine/ops/matmul/matmulShape';
import { planKey } from '../../workers/engine/ops/matmul/planKey';
import { releaseIdleMemory } from '../../workers/engine/releaseIdleMemory';
import { search } from '../../workers/engine/retrieval/search';
import { backwardShapes, forwardShapes } from '../../workers/engine/tuning/modelShapes';
import { tuneMatmul } from '../../workers/engine/tuning/tuneMatmul';
import { productRate } from '../../workers/services/benchmark/productRate';
import { randomParameters } from '../../workers/services/benchmark/randomParameters';
import { equalLengths, randomTexts } from '../../workers/services/benchmark/randomTexts';
import { RandomTraining } from '../../workers/services/benchmark/randomTraining';
import { measuredKernelPlan } from '../../workers/services/device/kernelPlanOfRun';
import { encodeTexts } from '../../workers/services/evaluate/encodeTexts';
import type { EngineReport, EngineResult, PlanOrigin, StepResult, TimesResult } from './report';
import { sizes, stepFlops, tokenCount, type Sizes, type StepSize } from './sizes';

export interface MeasureOptions {
  /** Seconds of wall time; tasks that have not begun by then are left out. */
  limitSeconds: number;
  size?: 'full' | 'tiny' | undefined;
  /** Run only the tasks whose name contains one of these texts. */
  only?: readonly string[] | undefined;
  runtime: string;
  /** Called after every result with the report so far. */
  onReport: (report: EngineReport) => void;
  /** Called when a device has been opened, also after a failure. */
  onDevice?: (gpu: WebGpuEngine) => void;
}

/** Warm-up before steps count: a GPU raises its clock only under load. */
const warmUpMs = 300;
const measuredSteps = { least: 3, most: 20, ms: 1500 } as const;
const tuningBudgetMs = 5000;

interface Task {
  name: string;
  run: () => Promise<EngineResult | null>;
}

/** Runs all tasks. A task that fails is recorded, and the next one gets a new device. */
export async function measureAdapter(options: MeasureOptions): Promise<EngineReport> {
  const startedAt = performance.now();
  const left = (): number => options.limitSeconds * 1000 - (performance.now() - startedAt);
  const bench = await AdapterBench.open(options, left);
  const { report } = bench;
  const tell = (): void => {
    report.elapsedMs = performance.now() - startedAt;
    options.onReport(report);
  };
  tell();
  for (const task of bench.tasks()) {
    if (options.only && !options.only.some((text) => task.name.includes(text))) continue;
    if (left() <= 0) {
      report.leftOut.push(task.name);
      continue;
    }
    try {
      const result = await task.run();
      if (result) report.results.push(result);
    } catch (thrown) {
      report.failed.push({ task: task.name, reason: messageOf(thrown) });
      await bench.reopen();
    }
    tell();
  }
  bench.close();
  tell();
  return report;
}

class AdapterBench {
  readonly report: EngineReport;
  readonly #sizes: Sizes;
  #gpu: WebGpuEngine;
  #training: { key: string; training: RandomTraining } | null = null;
  #plan: PlanOrigin = 'rules';

  private constructor(
    gpu: WebGpuEngine,
    private readonly options: MeasureOptions,
    private readonly left: () => number,
  ) {
    this.#gpu = gpu;
    const size = options.size ?? (gpu.traits.software ? 'tiny' : 'full');
    this.#sizes = sizes[size];
    this.report = {
      adapter: describe(gpu.device),
      runtime: options.runtime,
      kernels: kernelsVersion,
      size,
      results: [],
      failed: [],
      leftOut: [],
      elapsedMs: 0,
    };
  }

  static async open(options: MeasureOptions, left: () => number): Promise<AdapterBench> {
    return new AdapterBench(await openGpu(options), options, left);
  }

  /** Replaces the device after a failure, because an engine that has reported an error refuses to go on. */
  async reopen(): Promise<void> {
    this.#training = null;
    closeDevice();
    this.#gpu = await openGpu(this.options);
    this.#plan = 'rules';
  }

  close(): void {
    this.#closeTraining();
    closeDevice();
  }

  tasks(): Task[] {
    const { model, demo, steps, demoStep } = this.#sizes;
    const step = (size: StepSize, precision: Precision, config = model): Task => {
      const name = `${size.task}, ${precision}`;
      return { name, run: () => this.#step(name, config, size, precision) };
    };
    const [first = demoStep] = steps;
    const tuned = `${first.task}, full, tuned`;
    return [
      ...steps.map((size) => step(size, 'full')),
      ...steps.map((size) => step(size, 'mixed')),
      { name: 'products', run: () => this.#products() },
      { name: 'tuning', run: () => this.#tuning() },
      { name: tuned, run: () => this.#step(tuned, model, first, 'full') },
      { name: 'search', run: () => this.#search() },
      { name: 'encode', run: () => this.#encode() },
      step(demoStep, 'full', demo),
      step(demoStep, 'mixed', demo),
    ];
  }

  async #step(
    task: string,
    config: EncoderConfig,
    { texts }: StepSize,
    precision: Precision,
  ): Promise<StepResult | null> {
    if (precision !== 'full' && !this.#gpu.hasHalf) throw new Error('the adapter has no half precision');
    const training = this.#trainingOf(config, precision);
    releaseIdleMemory(this.#gpu);
    const first = await training.step(texts);
    const warmAt = performance.now() + (this.#gpu.traits.software ? 0 : warmUpMs);
    while (performance.now() < warmAt) await training.step(texts);
    const ms: number[] = [];
    let loss = first.loss;
    const { counters } = this.#gpu.commands;
    const before = { ...counters };
    const until = performance.now() + Math.min(measuredSteps.ms, Math.max(0, this.left()));
    while (ms.length < measuredSteps.least || (ms.length < measuredSteps.most && performance.now() < until)) {
      const step = await training.step(texts);
      ms.push(step.ms);
      loss = step.loss;
    }
    const medianMs = median(ms);
    return {
      kind: 'step',
      task,
      texts: `${texts.anchors.length} pairs`,
      tokens: tokenCount(texts),
      precision,
      plan: this.#plan,
      firstMs: first.ms,
      steps: ms.length,
      medianMs,
      minMs: Math.min(...ms),
      loss,
      gflops: stepFlops(config, texts) / medianMs / 1e6,
      dispatches: (counters.dispatches - before.dispatches) / ms.length,
      submits: (counters.submits - before.submits) / ms.length,
      poolBytes: this.#gpu.pool.totalBytes,
      profile: await training.profile(texts),
    };
  }

  /** Keeps one model open, because uploading the weights of BERT-base takes longer than a step. */
  #trainingOf(config: EncoderConfig, precision: Precision): RandomTraining {
    const key = `${config.hiddenSize} ${config.layers} ${precision}`;
    if (this.#training?.key === key) return this.#training.training;
    this.#closeTraining();
    const training = new RandomTraining(this.#gpu, { config, precision, dropout: 0 });
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
      if (rows.length > 0 && this.left() <= 0) break;
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
    const rows = tuned.map(({ shape, choice, gflops, defaultGflops }) => ({
      name: planKey(shape),
      choice: JSON.stringify(choice),
      gflops,
      defaultGflops,
    }));
    return { kind: 'tuning', task: 'tuning', ms, shapes: shapes.length, rows };
  }

  async #search(): Promise<EngineResult> {
    this.#closeTraining();
    const { passages, width, queries, k } = this.#sizes.search;
    const table = randomVectors(passages, width);
    const vectors = (values: Float32Array, count: number) => ({
      count,
      width,
      copyRow: (row: number, into: Float32Array, at: number) =>
        into.set(values.subarray(row * width, (row + 1) * width), at),
    });
    const input = {
      queries: vectors(randomVectors(queries, width), queries),
      passages: vectors(table, passages),
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
    while (ms.length < 2 || (ms.length < 5 && this.left() > 0)) ms.push(await time());
    return {
      kind: 'times',
      task,
      what,
      plan: this.#plan,
      firstMs,
      medianMs: median(ms),
      minMs: Math.min(...ms),
      rounds: ms.length,
    };
  }
}

async function openGpu({ onDevice }: MeasureOptions): Promise<WebGpuEngine> {
  await openDevice('webgpu', '');
  const gpu = deviceWebGpu();
  if (!gpu) throw new Error('no WebGPU device');
  onDevice?.(gpu);
  return gpu;
}

function describe(device: GPUDevice): EngineReport['adapter'] {
  const { vendor, architecture, device: name, description } = device.adapterInfo;
  const { limits } = device;
  return {
    vendor,
    architecture,
    device: name,
    description,
    features: [...device.features].sort(),
    limits: {
      maxBufferSize: limits.maxBufferSize,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
    },
  };
}

function shapeName({ layout, epilogue, rows, columns, depth }: MatmulShape): string {
  return `${layout} ${rows} × ${columns} × ${depth}${epilogue === 'plain' ? '' : `, ${epilogue}`}`;
}

function randomVectors(count: number, width: number): Float32Array {
  const values = new Float32Array(count * width);
  const scale = Math.sqrt(12 / width);
  let state = count;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    values[i] = scale * (state / 2 ** 32 - 0.5);
  }
  return values;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
