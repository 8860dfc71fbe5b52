import type { WebGpuEngine } from '../../engine/gpu/webGpuEngine';
import { matmulFlops, type MatmulShape } from '../../engine/ops/matmul/matmulShape';
import { plannedTiling } from '../../engine/ops/matmul/plannedTiling';
import { workOf } from '../../engine/tuning/measureCandidates';
import { SampleProduct } from '../../engine/tuning/sampleProduct';
import { warmTimer } from '../../engine/tuning/warmUp';

const rounds = 3;
const maxRepetitions = 1000;

interface ProductRate {
  shape: MatmulShape;
  ms: number;
  gflops: number;
  /** Which clock measured the time: the GPU's timestamps or the host's. */
  clock: 'gpu' | 'host';
}

/** Times a product with the tiling of the engine's plan, and returns the fastest of three rounds. */
export async function productRate(gpu: WebGpuEngine, shape: MatmulShape): Promise<ProductRate> {
  const product = new SampleProduct(gpu, shape);
  const work = workOf(product, plannedTiling(gpu.traits, gpu.plan, shape));
  product.allocate();
  try {
    work.record(); // compiles the kernel
    await gpu.commands.finished();
    const { timer, ms: warmMs } = await warmTimer(gpu, work, () => performance.now());
    const wanted = warmMs > 0 ? Math.ceil(timer.preciseMs / warmMs) : maxRepetitions;
    const repetitions = Math.min(maxRepetitions, Math.max(1, wanted));
    const times = await timer.times(Array.from({ length: rounds }, () => ({ ...work, repetitions })));
    const ms = Math.min(...times);
    const clock = timer.kind === 'timestamps' ? 'gpu' : 'host';
    return { shape, ms, gflops: matmulFlops(shape) / ms / 1e6, clock };
  } finally {
    product.free();
    gpu.pool.trim();
  }
}
