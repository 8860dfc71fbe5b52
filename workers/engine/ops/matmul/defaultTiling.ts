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
  if (software) {
    // Four threads form one SIMD group. SwiftShader computes up to 1.7 times as fast with 32 × 16 results per thread,
    // but it compiles that kernel for seconds, forty times as long as this one.
    const side = (length: number): number => (length >= 8 ? 8 : 4);
    return { threadRows: side(rows), threadColumns: side(columns), workgroup: [4, 1], sharedDepth: 0 };
  }
  const [large, medium, small] = tilings;
  if (rows < 64 || columns < 64) return small;
  const parts = Math.ceil(shape.depth / matmulChunk(shape));
  const [x, y] = matmulGroups(large, rows, columns);
  return x * y * parts < busyGroups ? medium : large;
}
