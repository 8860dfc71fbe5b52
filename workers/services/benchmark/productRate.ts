import { arrayLength, type DeviceArray } from '../../engine/arrays';
import type { WebGpuEngine } from '../../engine/gpu/webGpuEngine';
import { copyInHalf } from '../../engine/ops/copyInHalf/copyInHalf';
import { matmul, type MatmulOptions } from '../../engine/ops/matmul/matmul';
import { matmulFlops, type MatmulShape } from '../../engine/ops/matmul/matmulShape';
import { canTimeKernels } from './canTimeKernels';

/** GPU time of one measurement. Long enough that a clock with steps of 100 µs is off by at most 2%. */
const measuredMs = 5;
const rounds = 3;
const maxRepetitions = 1000;

export interface ProductRate {
  shape: MatmulShape;
  ms: number;
  gflops: number;
  /** Whether the GPU's timestamps or the host's clock gave the time. */
  clock: 'gpu' | 'host';
}

/** Times a product as the engine's plan computes it, with random operands: zeros would take less power. */
export async function productRate(gpu: WebGpuEngine, shape: MatmulShape): Promise<ProductRate> {
  const product = operands(gpu, shape);
  const run = (repetitions: number) => (): void => {
    for (let i = 0; i < repetitions; i++) matmul(gpu, shape.layout, product.a, product.b, product.y, product.options);
  };
  try {
    run(1)(); // compiles the kernel
    await gpu.commands.finished();
    let repetitions = 1;
    let total = await gpuMs(gpu, run(1));
    while (total < measuredMs && repetitions < maxRepetitions) {
      repetitions = Math.min(maxRepetitions, Math.ceil(repetitions * Math.max(2, measuredMs / Math.max(total, 1e-3))));
      total = await gpuMs(gpu, run(repetitions));
    }
    let best = total;
    for (let round = 1; round < rounds; round++) best = Math.min(best, await gpuMs(gpu, run(repetitions)));
    const ms = best / repetitions;
    return { shape, ms, gflops: matmulFlops(shape) / ms / 1e6, clock: canTimeKernels(gpu) ? 'gpu' : 'host' };
  } finally {
    for (const array of product.arrays) gpu.pool.free(array);
    gpu.pool.trim();
  }
}

async function gpuMs({ commands }: WebGpuEngine, record: () => void): Promise<number> {
  const timed = await commands.timed(record);
  if (timed !== undefined) return timed;
  await commands.finished();
  const startedAt = performance.now();
  record();
  await commands.finished();
  return performance.now() - startedAt;
}

interface Operands {
  a: DeviceArray;
  b: DeviceArray;
  y: DeviceArray;
  options: MatmulOptions;
  arrays: DeviceArray[];
}

function operands(gpu: WebGpuEngine, { layout, epilogue, rows, columns, depth, half = false }: MatmulShape): Operands {
  const a = noise(gpu, layout === 'TN' ? [depth, rows] : [rows, depth], half);
  const b = noise(gpu, layout === 'NT' ? [columns, depth] : [depth, columns], half);
  // Gradients of weights are always float32.
  const result = half && layout !== 'TN' ? 'f16' : 'f32';
  const y = gpu.pool.allocate([rows, columns], result);
  const extra =
    epilogue === 'gelu' ? gpu.pool.allocate([rows, columns], result) : noise(gpu, [Math.max(rows, columns)]);
  const vector = (length: number): DeviceArray => ({ ...extra, shape: [length] });
  const options = (): MatmulOptions => {
    if (epilogue === 'sums') return { aSums: vector(rows) };
    if (epilogue === 'gelu') return layout === 'NN' ? { geluGradient: extra } : { gelu: extra };
    return layout === 'NT' ? { bias: vector(columns) } : {};
  };
  if (epilogue === 'gelu') gpu.commands.clear(extra);
  return { a, b, y, options: options(), arrays: [a, b, y, extra] };
}

function noise(gpu: WebGpuEngine, shape: readonly number[], half = false): DeviceArray {
  const values = new Float32Array(arrayLength(shape));
  const block = Float32Array.from({ length: Math.min(values.length, 4093) }, (_, i) => Math.sin(i * i));
  for (let at = 0; at < values.length; at += block.length) values.set(block.subarray(0, values.length - at), at);
  const whole = gpu.commands.upload(values, shape);
  if (!half) return whole;
  const copy = gpu.pool.allocate(shape, 'f16');
  copyInHalf(gpu, whole, copy);
  gpu.pool.free(whole);
  return copy;
}
