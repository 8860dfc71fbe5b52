import type { MatmulTiling } from '../../../../src/domain/kernelPlan';
import type { EngineTraits } from '../../engine';
import type { MatmulShape } from './matmulShape';

/**
 * Returns the tiling for a shape that was not measured: on software WebGPU, one that is fast and compiles quickly; on a
 * GPU, one that suits common register files.
 */
export function defaultTiling(
  { software }: EngineTraits,
  { rows, columns }: Pick<MatmulShape, 'rows' | 'columns'>,
): MatmulTiling {
  if (software) {
    // Four threads form one SIMD group. The more results a thread computes, the fewer operands it reads for each. A
    // tile of 32 × 32 would be a seventh faster, but its kernel takes three seconds to compile.
    const side = (length: number, max: number): number =>
      Math.min(max, length >= 32 ? 32 : length >= 16 ? 16 : length >= 8 ? 8 : 4);
    return { threadRows: side(rows, 32), threadColumns: side(columns, 16), workgroup: [4, 1], sharedDepth: 0 };
  }
  const small = rows < 64 || columns < 64;
  return small
    ? { threadRows: 4, threadColumns: 4, workgroup: [8, 8], sharedDepth: 16 }
    : { threadRows: 8, threadColumns: 8, workgroup: [8, 8], sharedDepth: 16 };
}
