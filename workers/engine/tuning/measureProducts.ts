import type { Engine } from '../engine';
import { GpuCommands } from '../gpu/gpuCommands';
import { defaultTiling } from '../ops/matmul/defaultTiling';
import { matmulFlops, type MatmulShape } from '../ops/matmul/matmulShape';
import type { MeasuredShape } from './measuredShape';
import { SampleProduct } from './sampleProduct';
import { shapeToMeasure } from './shapeToMeasure';
import type { TuneOptions } from './tuneMatmul';

/** Maximum FLOPs of a product measured on the CPU, where they take some tens of milliseconds. */
const processorFlops = 1e9;
/**
 * Time limit for the rounds of a shape after the first two, so that slow devices get to measure the other shapes too.
 */
const roundsMs = 500;

/**
 * Times each shape with its default tiling, so `gflops` and `defaultGflops` are equal. Used for wasm and software
 * adapters, which are not tuned.
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
    const tiling = defaultTiling(engine.traits, few);
    const gflops = matmulFlops(few) / (await shortestMs(engine, new SampleProduct(engine, few), now)) / 1e6;
    measured.push({ shape, tiling, gflops, defaultGflops: gflops });
    await between?.(i + 1, ordered.length);
  }
  engine.pool.trim(0);
  return measured;
}

async function shortestMs(engine: Engine, product: SampleProduct, now: () => number): Promise<number> {
  const tiling = defaultTiling(engine.traits, product.shape);
  const times: number[] = [];
  product.allocate();
  try {
    const until = now() + roundsMs;
    // Measure at least twice: the first round includes compilation.
    for (let round = 0; round < 2 || (round < 5 && now() < until); round++) {
      await finished(engine);
      const startedAt = now();
      product.run(tiling);
      await finished(engine);
      times.push(Math.max(now() - startedAt, 1e-3));
    }
  } finally {
    product.free();
  }
  return Math.min(...times);
}

/** Waits for the GPU. Other engines run each command immediately, so there is nothing to wait for. */
async function finished({ commands }: Engine): Promise<void> {
  if (commands instanceof GpuCommands) await commands.finished();
}
