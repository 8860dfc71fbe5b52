import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { WebGpuEngine } from '../gpu/webGpuEngine';
import { defaultTiling } from '../ops/matmul/defaultTiling';
import { matmulFlops, type MatmulShape } from '../ops/matmul/matmulShape';
import { planKey } from '../ops/matmul/planKey';
import { compiles, isAdmitted } from './admission';
import { candidateTilings } from './candidates';
import { CompileQueue } from './compileQueue';
import { kernelLimits } from './kernelLimits';
import type { MeasuredShape } from './measuredShape';
import { measureCandidates, workOf, type Contest, type MeasuredCandidates } from './measureCandidates';
import { SampleProduct } from './sampleProduct';
import { arrayBytesOf, shapeToMeasure } from './shapeToMeasure';
import { warmTimer } from './warmUp';
import type { WorkTimer } from './workTimer';

export interface TuneOptions {
  budgetMs: number;
  now?: () => number;
  /** The tilings to measure for a shape, the default first. Those of `candidateTilings` if absent. */
  candidates?: (shape: MatmulShape) => readonly MatmulTiling[];
  /** Called between shapes. Throws to stop. */
  between?: (done: number, of: number) => Promise<void>;
}

/** Share of the budget for measuring. The rest is for compiling and comparing the chosen kernels. */
const measuringShare = 0.9;
/** Products measured per shape, for dividing the budget on slow devices, where each of them counts. */
const productsPerShape = 40;
/** An idle GPU lowers its clock after some tens of milliseconds. */
const maxIdleMs = 20;
/** How often to look whether the time is up while kernels compile. */
const pollMs = 20;

/**
 * Measures the candidates for each shape on this device. A candidate is chosen only if its results have the same bits
 * as those of the default tiling. Stops when the time budget is spent, but not before one shape is done; the remaining
 * shapes keep their default tiling. On a slow device, products with fewer tokens are measured instead.
 */
export async function tuneMatmul(
  gpu: WebGpuEngine,
  shapes: readonly MatmulShape[],
  options: TuneOptions,
): Promise<MeasuredShape[]> {
  const { budgetMs, now = () => performance.now() } = options;
  const { candidates = (shape) => candidateTilings(gpu.traits, kernelLimits(gpu), shape) } = options;
  const deadline = now() + measuringShare * budgetMs;
  const queue = new CompileQueue(gpu);
  const ordered = shapes.toSorted((a, b) => matmulFlops(b) - matmulFlops(a));
  try {
    const warm = ordered[0] && (await firstTimer(gpu, ordered[0], now));
    if (!warm) return [];
    const flops = (warm.flopsPerMs * budgetMs) / (ordered.length * productsPerShape);
    const contests = ordered.map((shape) => {
      const product = new SampleProduct(gpu, shapeToMeasure(shape, flops, arrayBytesOf(gpu)));
      return contestOf(shape, product, candidates(product.shape), queue);
    });
    const measured = await measureAll(gpu, contests, { ...options, ...warm, deadline, now });
    queue.stop();
    const admitted: MeasuredShape[] = [];
    for (const each of measured) admitted.push(await firstAdmitted(gpu, each));
    return admitted;
  } finally {
    queue.stop();
    gpu.commands.submit();
    gpu.pool.trim(0);
  }
}

/** Returns the tilings by plan key. */
export function tunedTilings(tuned: readonly MeasuredShape[]): Record<string, MatmulTiling> {
  return Object.fromEntries(tuned.map(({ shape, tiling }) => [planKey(shape), tiling]));
}

/** Raises the clock with the default tiling on few tokens. Returns undefined if the device refuses its kernel. */
async function firstTimer(
  gpu: WebGpuEngine,
  shape: MatmulShape,
  now: () => number,
): Promise<{ timer: WorkTimer; flopsPerMs: number } | undefined> {
  const few = shapeToMeasure(shape, 0, arrayBytesOf(gpu));
  const product = new SampleProduct(gpu, few);
  const tiling = defaultTiling(gpu.traits, few);
  if (!(await compiles(gpu, product.kernels(tiling)))) return undefined;
  product.allocate();
  try {
    const { timer, ms } = await warmTimer(gpu, workOf(product, tiling), now);
    return { timer, flopsPerMs: matmulFlops(few) / ms };
  } finally {
    product.free();
  }
}

/** Starts compiling the candidates of a shape. */
function contestOf(
  shape: MatmulShape,
  product: SampleProduct,
  tilings: readonly MatmulTiling[],
  queue: CompileQueue,
): Contest {
  const compiled = Promise.all(tilings.map((tiling) => queue.compile(product.kernels(tiling))));
  return { shape, product, tilings, compiled };
}

interface Measuring extends Pick<TuneOptions, 'between'> {
  timer: WorkTimer;
  flopsPerMs: number;
  deadline: number;
  now: () => number;
}

/** Measures shapes as soon as their kernels are compiled, those with the most work first. */
async function measureAll(
  gpu: WebGpuEngine,
  contests: readonly Contest[],
  { between, ...conditions }: Measuring,
): Promise<MeasuredCandidates[]> {
  const { deadline, now } = conditions;
  const measured: MeasuredCandidates[] = [];
  const waiting = new Map(contests.map((contest) => [contest, contest.compiled.then(() => contest)]));
  let busyUntil = -Infinity;
  while (waiting.size > 0 && (measured.length === 0 || now() < deadline)) {
    const next = await Promise.race([...waiting.values(), sleep(pollMs)]);
    if (!next) continue;
    waiting.delete(next);
    const budgetMs = (deadline - now()) / (waiting.size + 1);
    const isIdle = now() - busyUntil > maxIdleMs;
    const result = await measureCandidates(gpu, next, { ...conditions, budgetMs, isIdle });
    busyUntil = now();
    if (result) measured.push(result);
    await between?.(contests.length - waiting.size, contests.length);
  }
  return measured;
}

const sleep = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, ms, undefined));

/**
 * Returns the best candidate with the bits of the default for all epilogues of the model. Its bits with the first
 * epilogue are known to be those.
 */
async function firstAdmitted(gpu: WebGpuEngine, measured: MeasuredCandidates): Promise<MeasuredShape> {
  const { shape, product, ranked, default_, defaultGflops, refused, ...rest } = measured;
  const others = product.epilogues.slice(1);
  let bits = refused.bits;
  for (const { candidate, relative } of ranked) {
    if (candidate === default_) break;
    if (await isAdmitted(gpu, product, [default_, candidate], others))
      return {
        shape,
        tiling: candidate,
        gflops: defaultGflops / relative,
        defaultGflops,
        refused: { ...refused, bits },
        ...rest,
      };
    bits++;
  }
  return { shape, tiling: default_, gflops: defaultGflops, defaultGflops, refused: { ...refused, bits }, ...rest };
}
