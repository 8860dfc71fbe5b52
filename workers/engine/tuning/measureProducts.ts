import type { Engine } from '../engine';
import { defaultTiling } from '../ops/matmul/defaultTiling';
import type { MatmulShape } from '../ops/matmul/matmulShape';
import type { MeasuredShape } from './measuredShape';
import { shapeToMeasure } from './shapeToMeasure';
import type { TuneOptions } from './tuneMatmul';
import { matmulFlops } from '../ops/matmul/matmulShape';
import { ProductTimer } from './productTimer';

/** Maximum FLOPs of a product measured on the CPU: they take some tens of milliseconds there. */
const processorFlops = 1e9;
/** Time limit for the rounds of a shape beyond the first two, so that slow devices measure the other shapes too. */
const roundsMs = 500;

/**
 * Times each shape with its default tiling, so `gflops` and `defaultGflops` are equal. For wasm and software adapters,
 * which are not tuned.
 */
export async function measureProducts(
  engine: Engine,
  shapes: readonly MatmulShape[],
  { budgetMs, now = () => performance.now(), between }: TuneOptions,
): Promise<MeasuredShape[]> {
  const deadline = now() + budgetMs;
  const ordered = shapes.toSorted((a, b) => matmulFlops(b) - matmulFlops(a));
  const measured: MeasuredShape[] = [];
  for (const [i, shape] of ordered.entries()) {
    if (i > 0 && now() >= deadline) break;
    const few = shapeToMeasure(shape, processorFlops);
    const timer = new ProductTimer(engine, few, now);
    const tiling = defaultTiling(engine.traits, few);
    const times: number[] = [];
    try {
      const until = now() + roundsMs;
      // Measure at least twice: the first round includes compilation.
      for (let round = 0; round < 2 || (round < 5 && now() < until); round++)
        times.push((await timer.timeOf(tiling, 0)) ?? Infinity);
    } finally {
      timer.free();
    }
    const gflops = matmulFlops(few) / Math.min(...times) / 1e6;
    measured.push({ shape, tiling, gflops, defaultGflops: gflops });
    await between?.(i + 1, ordered.length);
  }
  engine.pool.trim(0);
  return measured;
}
