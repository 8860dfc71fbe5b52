import {
  benchmarkConfigs,
  benchmarkTexts,
  meanTextTokens,
  type BenchmarkOptions,
  type BenchmarkProgress,
  type BenchmarkResult,
  type BenchmarkShape,
  type StepSpeed,
} from '../../src/domain/benchmark/benchmark';
import { forwardFlops, stepFlops } from '../../src/domain/benchmark/flops';
import { backendBytes, closeDevice, openDevice, openEngine, openGpu } from '../engine/device';
import { measureProducts, tuneMatmul, type TunedShape } from '../engine/gpu/tuneMatmul';
import { AdamWState } from '../engine/model/adamWState';
import { parameterShapes } from '../engine/model/names';
import type { TokenBatch } from '../engine/model/packedTokens';
import { ParameterStore } from '../engine/model/parameters';
import { backwardShapes, forwardShapes } from '../engine/ops/matmul/modelShapes';
import type { MatmulShape } from '../engine/ops/matmul/plan';
import { createTrainer, type Trainer } from '../engine/trainer';
import { measuredPlan } from './kernelPlan';
import type { RunControl } from './runControl';

/** What each part may take, in milliseconds: together less than a minute. */
const budgets = { products: 8000, steps: 18_000 } as const;
const briefBudgets = { products: 400, steps: 0 } as const;
/** A step as a run would have it: so many pairs where the device is fast enough. */
const mostPairs = 16;
const longestStepMs = 2500;
const mostSteps = 40;
/** On a processor a shape gets this many of its layers: all of BERT-base's would take minutes, and gigabytes. */
const layersOnProcessor = 3;

interface Deps {
  control: RunControl;
  wasmBaseUrl: string;
  /** Name and version, as it calls itself. */
  browser: string;
  onProgress: (progress: BenchmarkProgress) => void;
}

/** Measures matrix products and training steps on random weights. Throws `cancelled`, and what the device reports. */
export async function benchmarkDevice(options: BenchmarkOptions, deps: Deps): Promise<BenchmarkResult> {
  const { control, wasmBaseUrl } = deps;
  const progress = new Progress(options, deps.onProgress);
  progress.report('open', 0);
  const device = await openDevice(options.device, wasmBaseUrl);
  try {
    const products = await bestProducts(options, async (share) => {
      progress.report('products', share);
      await control.checkpoint();
    });
    const peak = products.reduce((best, each) => (each.gflops > best.gflops ? each : best));
    const gpu = openGpu();
    const tuned = gpu !== null && !gpu.traits.software;
    if (tuned) gpu.plan = measuredPlan(products);
    const steps: StepSpeed[] = [];
    for (const shape of options.shapes)
      steps.push(
        await measureSteps(shape, peak.gflops, options.brief, async (share) => {
          progress.report(shape, share);
          await control.checkpoint();
        }),
      );
    return {
      device,
      browser: deps.browser,
      // Where few products were measured, a step may have shown more.
      peakGflops: Math.max(peak.gflops, ...steps.map(({ gflops }) => gflops)),
      fixedGflops: peak.defaultGflops,
      measured: tuned ? products.length : 0,
      subgroups: products.some(({ choice }) => choice.tiling.subgroups === true),
      steps,
      longestSubmitMs: gpu?.pacer.longestMs ?? 0,
    };
  } finally {
    closeDevice();
  }
}

type Between = (share: number) => Promise<void>;

/** Time that is left, by what each part may take. */
class Progress {
  readonly #phases: readonly BenchmarkProgress['phase'][];
  readonly #budgets: Record<'products' | 'steps', number>;
  #lastMs = -Infinity;

  constructor(
    { shapes, brief }: BenchmarkOptions,
    private readonly tell: (progress: BenchmarkProgress) => void,
  ) {
    this.#phases = ['products', ...shapes];
    this.#budgets = brief ? briefBudgets : budgets;
  }

  report(phase: BenchmarkProgress['phase'], share: number): void {
    const now = performance.now();
    if (now - this.#lastMs < 100 && share > 0 && share < 1) return;
    this.#lastMs = now;
    const msOf = (each: BenchmarkProgress['phase']): number =>
      this.#budgets[each === 'products' ? 'products' : 'steps'];
    const all = this.#phases.reduce((sum, each) => sum + msOf(each), 0);
    const place = this.#phases.indexOf(phase);
    const before = this.#phases.slice(0, Math.max(0, place)).reduce((sum, each) => sum + msOf(each), 0);
    const done = before + (place < 0 ? 0 : share * msOf(phase));
    this.tell({ phase, share: all > 0 ? done / all : 0, leftMs: all - done });
  }
}

/** The products of all shapes: on a GPU by the fastest kernels, on a processor by the fixed ones, as in a run. */
async function bestProducts({ shapes, brief }: BenchmarkOptions, between: Between): Promise<TunedShape[]> {
  const tokens = mostPairs * 2 * meanTextTokens;
  const wanted = shapes.flatMap((shape): MatmulShape[] => {
    const config = benchmarkConfigs[shape];
    return [...forwardShapes(config, tokens), ...backwardShapes(config, tokens)];
  });
  const options = {
    budgetMs: (brief ? briefBudgets : budgets).products,
    between: (done: number, of: number) => between(done / of),
  };
  await between(0);
  const gpu = openGpu();
  return gpu && !gpu.traits.software
    ? tuneMatmul(gpu, wanted, options)
    : measureProducts(openEngine(), wanted, options);
}

async function measureSteps(
  shape: BenchmarkShape,
  peakGflops: number,
  brief: boolean,
  between: Between,
): Promise<StepSpeed> {
  const { traits } = openEngine();
  const whole = benchmarkConfigs[shape];
  const onProcessor = traits.wasm === true || traits.software;
  const config = onProcessor ? { ...whole, layers: Math.min(whole.layers, layersOnProcessor) } : whole;
  const pairTokens = 2 * meanTextTokens;
  // A step reaches a good half of what the best product does.
  const affordable = Math.floor(
    (longestStepMs * 0.5 * peakGflops * 1e6) / stepFlops(config, pairTokens, meanTextTokens),
  );
  const pairs = brief ? 2 : Math.max(2, Math.min(mostPairs, affordable));
  const tokens = pairs * pairTokens;
  await between(0);
  const times = await timeSteps(config, pairs, brief, between);
  const stepMs = median(times.ms);
  const flops = stepFlops(config, tokens, meanTextTokens);
  const ofWhole = forwardFlops(config, tokens, meanTextTokens) / forwardFlops(whole, tokens, meanTextTokens);
  return {
    shape, pairs, tokens, stepMs,
    layers: whole.layers,
    layersRun: config.layers,
    steps: times.ms.length,
    gflops: flops / stepMs / 1e6,
    tokensPerSecond: (tokens / stepMs) * 1000 * ofWhole,
    bytes: times.bytes,
  }; // prettier-ignore
}

async function timeSteps(
  config: (typeof benchmarkConfigs)[BenchmarkShape],
  pairs: number,
  brief: boolean,
  between: Between,
): Promise<{ ms: number[]; bytes: number }> {
  const budgetMs = (brief ? briefBudgets : budgets).steps;
  const parameters = randomParameters(config);
  const adamW = AdamWState.create(parameters);
  const trainer = createTrainer({
    parameters, config, adamW, pooling: 'mean', normalize: true, dropout: 0.1, seed: 1,
    loss: { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' },
    optimizer: { kind: 'adamW', learningRate: 1e-5, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 },
  }); // prettier-ignore
  const ms: number[] = [];
  try {
    const startedAt = performance.now();
    // The first step compiles and fills the pool; it is no measure.
    await timeStep(trainer, config, pairs, 1);
    for (let step = 2; step <= mostSteps + 1; step++) {
      ms.push(await timeStep(trainer, config, pairs, step));
      const spent = performance.now() - startedAt;
      await between(Math.min(1, Math.max(spent / Math.max(1, budgetMs), ms.length / mostSteps)));
      if (brief || (ms.length >= 2 && spent + median(ms) > budgetMs)) break;
    }
    return { ms, bytes: backendBytes() };
  } finally {
    trainer.dispose();
    adamW.dispose();
    parameters.dispose();
  }
}

async function timeStep(
  trainer: Trainer,
  { vocabularySize }: { vocabularySize: number },
  pairs: number,
  step: number,
): Promise<number> {
  const batch = (length: number, salt: number): TokenBatch => ({
    ids: Int32Array.from({ length: pairs * length }, (_, i) => ((i + salt) * 7919 + step * 104_729) % vocabularySize),
    offsets: Uint32Array.from({ length: pairs + 1 }, (_, text) => text * length),
  });
  const [anchors, positives] = [batch(benchmarkTexts.question, 1), batch(benchmarkTexts.passage, 5)];
  const startedAt = performance.now();
  await trainer.step(anchors, positives, 1e-5, step);
  return performance.now() - startedAt;
}

/** Weights of the size that BERT begins with, ±0.02; LayerNorm's factors are one. */
function randomParameters(config: Parameters<typeof parameterShapes>[0]): ParameterStore {
  let offset = 0;
  const tensors = parameterShapes(config).map(({ name, shape }) => {
    const length = shape.reduce((product, side) => product * side, 1);
    const entry = { name, shape, offset, length };
    offset += Math.ceil(length / 64) * 64;
    return entry;
  });
  const parameters = ParameterStore.create(tensors);
  // A block of odd length, again and again: no two rows are alike, and nothing waits for a hundred million sines.
  const block = Float32Array.from({ length: 65_521 }, (_, i) => 0.02 * Math.sin(i * i));
  for (const { name, length } of tensors) {
    const values = new Float32Array(length);
    if (name.endsWith('LayerNorm.weight')) values.fill(1);
    else for (let at = 0; at < length; at += block.length) values.set(block.subarray(0, length - at), at);
    parameters.write(name, values);
  }
  return parameters;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}
