import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { WebGpuEngine } from '../gpu/webGpuEngine';
import { defaultTiling } from '../ops/matmul/defaultTiling';
import { planKey } from '../ops/matmul/planKey';
import type { MatmulShape } from '../ops/matmul/matmulShape';
import { candidateTilings } from './candidates';
import { fastest } from './fastest';
import { kernelLimits } from './kernelLimits';
import type { MeasuredShape } from './measuredShape';
import { shapeToMeasure } from './shapeToMeasure';
import { matmulFlops } from '../ops/matmul/matmulShape';
import { ProductTimer } from './productTimer';

export interface TuneOptions {
  budgetMs: number;
  now?: () => number;
  /** Called between shapes. Throws to stop. */
  between?: (done: number, of: number) => Promise<void>;
}

/**
 * Expected number of measurements per shape, for dividing the time budget: a dozen candidates, and the finalists again.
 */
const timesPerShape = 20;

/**
 * Measures the candidates for each shape on this device, shapes with the most work first. Stops when the time budget is
 * spent, but not before the first shape is done; the remaining shapes keep their default tiling. On a slow device,
 * products with fewer tokens are measured instead.
 */
export async function tuneMatmul(
  gpu: WebGpuEngine,
  shapes: readonly MatmulShape[],
  options: TuneOptions,
): Promise<MeasuredShape[]> {
  const { budgetMs, now = () => performance.now(), between } = options;
  const deadline = now() + budgetMs;
  const expired = (): boolean => now() >= deadline;
  const ordered = shapes.toSorted((a, b) => matmulFlops(b) - matmulFlops(a));
  const tuned: MeasuredShape[] = [];
  let flopsPerMs = await firstRate(gpu, ordered[0], now);
  for (const [i, shape] of ordered.entries()) {
    if (i > 0 && expired()) break;
    const affordable = (flopsPerMs * budgetMs) / (ordered.length * timesPerShape);
    const measuredShape = shapeToMeasure(shape, affordable);
    const timer = new ProductTimer(gpu, measuredShape, now);
    try {
      const tilings = candidateTilings(gpu.traits, kernelLimits(gpu), measuredShape);
      const [first = defaultTiling(gpu.traits, measuredShape), ...rest] = tilings;
      void timer.prepare(rest);
      const { best, ms, firstMs } = await fastest(
        [first, ...rest],
        (tiling) => timer.timeOf(tiling, flopsPerMs),
        expired,
      );
      const flops = matmulFlops(measuredShape);
      tuned.push({ shape, tiling: best, gflops: flops / ms / 1e6, defaultGflops: flops / firstMs / 1e6 });
      flopsPerMs = Math.max(flopsPerMs, flops / ms);
    } finally {
      timer.free();
    }
    await between?.(i + 1, ordered.length);
  }
  gpu.commands.submit();
  gpu.pool.trim(0);
  return tuned;
}

/** Returns the tilings by plan key. */
export function tunedTilings(tuned: readonly MeasuredShape[]): Record<string, MatmulTiling> {
  return Object.fromEntries(tuned.map(({ shape, tiling }) => [planKey(shape), tiling]));
}

/**
 * Returns the FLOPs per millisecond of the default tiling at the minimum number of tokens. The first round runs the
 * product once, to compile its shader.
 */
async function firstRate(gpu: WebGpuEngine, shape: MatmulShape | undefined, now: () => number): Promise<number> {
  if (!shape) return 1;
  const few = shapeToMeasure(shape, 0);
  const timer = new ProductTimer(gpu, few, now);
  const tiling = defaultTiling(gpu.traits, few);
  try {
    let flopsPerMs = 0;
    for (let round = 0; round < 3; round++)
      flopsPerMs = matmulFlops(few) / ((await timer.timeOf(tiling, round === 0 ? 0 : flopsPerMs)) ?? Infinity);
    return flopsPerMs;
  } finally {
    timer.free();
  }
}
