import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { WebGpuEngine } from '../gpu/webGpuEngine';
import { defaultTiling } from '../ops/matmul/defaultTiling';
import { matmulFlops, type MatmulShape } from '../ops/matmul/matmulShape';
import { planKey } from '../ops/matmul/planKey';
import { hasSameBits } from './admission';
import { compiles } from './compiles';
import { candidateTilings } from './candidates';
import { CompileQueue } from './compileQueue';
import { kernelLimits } from './kernelLimits';
import type { MeasuredShape } from './measuredShape';
import { workOf, type MeasuredCandidates } from './measureCandidates';
import { measureShapes, otherKernels, sleep } from './measureShapes';
import { SampleProduct } from './sampleProduct';
import { arrayBytesOf, shapeToMeasure } from './shapeToMeasure';
import { warmTimer } from './warmUp';
import type { WorkTimer } from './workTimer';

export interface TuneOptions {
  budgetMs: number;
  now?: () => number;
  /** Returns the tilings to measure for a shape, the default first; `candidateTilings` if absent. */
  candidates?: (shape: MatmulShape) => readonly MatmulTiling[];
  /** Whether the run applies dropout to hidden states; true if absent. */
  dropout?: boolean;
  /** Called between shapes. Throws to stop. */
  between?: (done: number, of: number) => Promise<void>;
}

/** Share of the budget for measuring. The rest is spent on compiling and comparing the chosen kernels. */
const measuringShare = 0.9;
/**
 * Number of times that a shape's product is assumed to run. On slow devices, the size of the products is chosen so that
 * this many runs per shape fit in the budget.
 */
const productsPerShape = 40;

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
  const { budgetMs, now = () => performance.now(), between } = options;
  const { candidates = (shape) => candidateTilings(gpu.traits, kernelLimits(gpu), shape) } = options;
  const startedAt = now();
  const queue = new CompileQueue(gpu);
  const ordered = shapes.toSorted((a, b) => matmulFlops(b) - matmulFlops(a));
  try {
    const warm = ordered[0] && (await firstTimer(gpu, ordered[0], now));
    if (!warm) return [];
    const flops = (warm.flopsPerMs * budgetMs) / (ordered.length * productsPerShape);
    const shapesToMeasure = ordered.map((shape) => {
      const product = new SampleProduct(gpu, shapeToMeasure(shape, flops, arrayBytesOf(gpu)), options.dropout);
      return { shape, product, tilings: candidates(product.shape) };
    });
    const deadline = startedAt + measuringShare * budgetMs;
    const conditions = { ...warm, deadline, now, queue, ...(between ? { between } : {}) };
    const measured = await measureShapes(gpu, shapesToMeasure, conditions);
    queue.stop();
    const admitted: MeasuredShape[] = [];
    for (const each of measured) admitted.push(...(await firstAdmitted(gpu, each, startedAt + budgetMs - now())));
    return admitted;
  } finally {
    queue.stop();
    gpu.commands.submit();
    gpu.pool.trim(0);
  }
}

/** Returns the chosen tilings by plan key. */
export function tunedTilings(tuned: readonly MeasuredShape[]): Record<string, MatmulTiling> {
  return Object.fromEntries(tuned.map(({ shape, tiling }) => [planKey(shape), tiling]));
}

/**
 * Raises the GPU's clock by running the default tiling on few tokens. Returns undefined if the device refuses its
 * kernel.
 */
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

/**
 * Returns the best candidate that computes the default's bits with all epilogues of the model, or an empty list if
 * their kernels do not compile within `ms` milliseconds. With the first epilogue, its bits have already been compared.
 */
async function firstAdmitted(gpu: WebGpuEngine, measured: MeasuredCandidates, ms: number): Promise<MeasuredShape[]> {
  const { shape, product, ranked, default_, defaultGflops, refused, ...rest } = measured;
  const counts = { ...refused };
  const outcome = (tiling: MatmulTiling, relative = 1): MeasuredShape[] => [
    { shape, tiling, gflops: defaultGflops / relative, defaultGflops, refused: counts, ...rest },
  ];
  for (const { candidate, relative } of ranked) {
    if (candidate === default_) break;
    const compiled = await Promise.race([compiles(gpu, otherKernels(product, [default_, candidate])), sleep(ms)]);
    if (compiled === undefined) return [];
    if (!compiled) counts.shaders++;
    else if (await hasSameBits(gpu, product, [default_, candidate], product.epilogues.slice(1)))
      return outcome(candidate, relative);
    else counts.bits++;
  }
  return outcome(default_);
}
