import {
  benchmarkConfigs,
  meanTextTokens,
  type BenchmarkOptions,
  type BenchmarkProgress,
  type BenchmarkResult,
  type BenchmarkShape,
  type SkippedShape,
  type StepSpeed,
} from '../../../src/domain/benchmark/benchmark';
import type { DeviceInfo } from '../../../src/domain/device';
import { onDevice } from '../device/onDevice';
import type { Engine } from '../../engine/engine';
import { webGpuOf } from '../../engine/gpu/webGpuOf';
import { tuneMatmul } from '../../engine/tuning/tuneMatmul';
import { backwardShapes, forwardShapes, type ModelShape } from '../../engine/tuning/modelShapes';
import { planKey } from '../../engine/ops/matmul/planKey';
import { benchmarkSteps, mostPairsPerStep } from './benchmarkSteps';
import { measuredKernelPlan, tunedProduct } from '../device/kernelPlanOfRun';
import { deviceMemoryLimits } from '../device/deviceMemory';
import type { RunControl } from '../train/runControl';
import { measureProducts } from '../../engine/tuning/measureProducts';
import type { MeasuredShape } from '../../engine/tuning/measuredShape';

/** Time budgets in milliseconds; `steps` is per model shape. Together they keep a benchmark under one minute. */
const budgets = { products: 8000, steps: 18_000 } as const;
const briefBudgets = { products: 400, steps: 0 } as const;

interface Deps {
  control: RunControl;
  wasmBaseUrl: string;
  /** Name and version of the browser, as it reports them. */
  browser: string;
  onProgress: (progress: BenchmarkProgress) => void;
}

/** Measures matrix products and training steps with random weights. Throws `cancelled` or a device error. */
export async function benchmarkDevice(options: BenchmarkOptions, deps: Deps): Promise<BenchmarkResult> {
  const progress = new Progress(options, deps.onProgress);
  progress.report('open', 0);
  const work = (engine: Engine, device: DeviceInfo): Promise<BenchmarkResult> =>
    measure(engine, device, options, deps, progress);
  return onDevice(options.device, deps.wasmBaseUrl, work, { evenRefused: true });
}

/** Runs the benchmark on the open device. */
async function measure(
  engine: Engine,
  device: DeviceInfo,
  options: BenchmarkOptions,
  { control, browser }: Deps,
  progress: Progress,
): Promise<BenchmarkResult> {
  const during =
    (phase: BenchmarkProgress['phase']): Between =>
    async (share) => {
      progress.report(phase, share);
      await control.checkpoint();
    };
  const products = await bestProducts(engine, options, during('products'));
  const peak = products.reduce((best, each) => (each.gflops > best.gflops ? each : best));
  const gpu = webGpuOf(engine);
  const tuned = gpu !== null && !gpu.traits.software;
  if (tuned) gpu.plan = measuredKernelPlan(products);
  const request = {
    peakGflops: peak.gflops,
    limits: await deviceMemoryLimits(device, options),
    budgetMs: budgetsOf(options).steps,
    brief: options.brief,
  };
  const [steps, skipped]: [StepSpeed[], SkippedShape[]] = [[], []];
  for (const shape of options.shapes) {
    const measured = await benchmarkSteps(engine, shape, { ...request, between: during(shape) });
    if ('stepMs' in measured) steps.push(measured);
    else skipped.push(measured);
  }
  return {
    device,
    brief: options.brief,
    browser,
    // A step can be faster than the fastest product if time ran out before many products were measured.
    peakGflops: Math.max(peak.gflops, ...steps.map(({ gflops }) => gflops)),
    fixedGflops: peak.defaultGflops,
    measured: tuned ? products.length : 0,
    products: tuned ? namedProducts(options, products) : [],
    subgroups: products.some(({ tiling }) => tiling.subgroups === true),
    steps,
    skipped,
    longestSubmitMs: gpu?.pacer.maxMeasuredMs ?? 0,
  };
}

function budgetsOf({ brief }: BenchmarkOptions): Record<'products' | 'steps', number> {
  return brief ? briefBudgets : budgets;
}

type Between = (share: number) => Promise<void>;

/** Reports progress and the time left, estimated from the time budgets of the phases. */
class Progress {
  readonly #phases: readonly BenchmarkProgress['phase'][];
  readonly #budgets: Record<'products' | 'steps', number>;
  #lastMs = -Infinity;

  constructor(
    options: BenchmarkOptions,
    private readonly onProgress: (progress: BenchmarkProgress) => void,
  ) {
    this.#phases = ['products', ...options.shapes];
    this.#budgets = budgetsOf(options);
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
    this.onProgress({ phase, share: all > 0 ? done / all : 0, leftMs: all - done });
  }
}

/** Returns the measured products with their names, in the order of the models' shapes. */
function namedProducts({ shapes }: BenchmarkOptions, measured: readonly MeasuredShape[]): BenchmarkResult['products'] {
  const byKey = new Map(measured.map((each) => [planKey(each.shape), each]));
  return shapes.flatMap((shape) =>
    shapesOf(shape).flatMap((product) => {
      const found = byKey.get(planKey(product));
      return found ? [{ ...tunedProduct(product, found), shape }] : [];
    }),
  );
}

function shapesOf(shape: BenchmarkShape): ModelShape[] {
  const tokens = mostPairsPerStep * 2 * meanTextTokens;
  const config = benchmarkConfigs[shape];
  return [...forwardShapes(config, tokens), ...backwardShapes(config, tokens)];
}

/** Measures the matrix products of all shapes as a run computes them: tuned on a GPU, by fixed rules on a CPU. */
async function bestProducts(engine: Engine, options: BenchmarkOptions, between: Between): Promise<MeasuredShape[]> {
  const wanted = options.shapes.flatMap(shapesOf);
  const tuning = {
    budgetMs: budgetsOf(options).products,
    between: (done: number, of: number) => between(done / of),
  };
  await between(0);
  const gpu = webGpuOf(engine);
  return gpu && !gpu.traits.software ? tuneMatmul(gpu, wanted, tuning) : measureProducts(engine, wanted, tuning);
}
