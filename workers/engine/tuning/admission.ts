import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { WebGpuEngine } from '../gpu/webGpuEngine';
import type { Epilogue } from '../ops/matmul/epilogue';
import { BitHasher } from './bitHasher';
import { mostResults, resultsOf, type SampleProduct } from './sampleProduct';

/**
 * Returns the tilings whose whole result, with this epilogue, has the same bits as that of the first one, so that the
 * results of a run do not depend on measurements. All tilings must have been compiled, and the product's arrays
 * allocated. GPU→CPU sync.
 */
export async function withBitsOfFirst(
  gpu: WebGpuEngine,
  product: SampleProduct,
  tilings: readonly MatmulTiling[],
  epilogue: Epilogue,
): Promise<MatmulTiling[]> {
  const hasher = new BitHasher(gpu, mostResults * tilings.length);
  try {
    for (const tiling of tilings) product.hash(hasher, tiling, epilogue);
    const hashes = await hasher.read();
    const width = resultsOf(epilogue);
    const of = (i: number): string => hashes.slice(i * width, (i + 1) * width).join();
    return tilings.filter((_, i) => of(i) === of(0));
  } finally {
    hasher.free();
  }
}

/**
 * Whether a tiling computes the same bits as the default one with these epilogues. Both must have been compiled. Needs
 * the product's memory only while it runs.
 */
export async function hasSameBits(
  gpu: WebGpuEngine,
  product: SampleProduct,
  tilings: readonly [default_: MatmulTiling, tiling: MatmulTiling],
  epilogues: readonly Epilogue[],
): Promise<boolean> {
  if (epilogues.length === 0) return true;
  product.allocate();
  try {
    for (const epilogue of epilogues)
      if ((await withBitsOfFirst(gpu, product, tilings, epilogue)).length < 2) return false;
    return true;
  } finally {
    product.free();
  }
}
