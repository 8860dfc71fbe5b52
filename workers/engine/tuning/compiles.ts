import type { WebGpuEngine } from '../gpu/webGpuEngine';
import type { SampleProduct } from './sampleProduct';

/** Compiles kernels in the background. Returns whether the device accepts all of them. */
export async function compiles(
  { commands }: WebGpuEngine,
  kernels: ReturnType<SampleProduct['kernels']>,
): Promise<boolean> {
  const settled = await Promise.allSettled(kernels.map((kernel) => commands.prepare(kernel)));
  return settled.every(({ status }) => status === 'fulfilled');
}
