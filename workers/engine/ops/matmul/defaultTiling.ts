import type { MatmulTiling } from '../../../../src/domain/kernelPlan';
import type { EngineTraits } from '../../engine';
import { matmulChunk } from './matmulChunk';
import { matmulGroups } from './matmulGroups';
import type { MatmulShape } from './matmulShape';

/**
 * Tilings for GPUs, largest tile first. On an H200, the first one was the fastest for most products of BERT-base, and
 * 64 × 64 with 128 threads for products with few tiles.
 */
const tilings = [
  { threadRows: 8, threadColumns: 8, workgroup: [8, 16], sharedDepth: 16 },
  { threadRows: 8, threadColumns: 4, workgroup: [16, 8], sharedDepth: 16 },
  { threadRows: 4, threadColumns: 4, workgroup: [8, 8], sharedDepth: 16 },
] as const satisfies readonly MatmulTiling[];
/**
 * Number of workgroups needed to keep the cores of a large GPU about equally busy. For a product with fewer, smaller
 * tiles are faster.
 */
const busyGroups = 256;

/**
 * Returns the tiling for a shape that was not measured. On software WebGPU, it is fast and compiles quickly; on a GPU,
 * it suits common register files.
 */
export function defaultTiling(
  { software }: EngineTraits,
  shape: Pick<MatmulShape, 'rows' | 'columns' | 'depth'>,
): MatmulTiling {
  const { rows, columns } = shape;
  if (software) return softwareTiling(shape);
  const [large, medium, small] = tilings;
  if (rows < 64 || columns < 64) return small;
  const parts = Math.ceil(shape.depth / matmulChunk(shape));
  const [x, y] = matmulGroups(large, rows, columns);
  return x * y * parts < busyGroups ? medium : large;
}

/**
 * FLOPs from which a software adapter uses its large tiles. SwiftShader computes 1.8 times as fast with 16 × 16 results
 * per thread as with 8 × 8, but compiles that kernel for 0.9 s instead of 0.2, which pays after a dozen products of this
 * size.
 */
const largeSoftwareFlops = 2 ** 27;

/** Four threads form one SIMD group of the processor, so workgroups have four threads in a row. */
function softwareTiling({ rows, columns, depth }: Pick<MatmulShape, 'rows' | 'columns' | 'depth'>): MatmulTiling {
  const isLarge = rows >= 64 && columns >= 64 && 2 * rows * columns * depth >= largeSoftwareFlops;
  const side = (length: number): number => (isLarge ? 16 : length >= 8 ? 8 : 4);
  return { threadRows: side(rows), threadColumns: side(columns), workgroup: [4, 1], sharedDepth: 0 };
}
