import type { Traits } from '../../engine';

/**
 * Which operand is stored transposed: NN y = a·b, NT y = a·bᵀ (a linear layer with weights [out, in]), TN y = aᵀ·b (its weight gradient).
 */
export type Layout = 'NN' | 'NT' | 'TN';

/** How one matmul is cut up. Each thread computes threadRows × threadColumns numbers. */
export interface MatmulTiling {
  threadRows: number;
  threadColumns: number;
  /** Threads of a workgroup, along columns and along rows. */
  workgroup: readonly [number, number];
  /** How much of the inner dimension a workgroup holds in its shared memory at once; 0: each thread reads what it needs by itself. */
  sharedDepth: number;
}

/** Without measuring: what was best on software WebGPU, and a tile that suits the register files of common GPUs. */
export function defaultTiling({ software }: Traits, rows: number, columns: number): MatmulTiling {
  if (software) {
    // Four threads are one SIMD group there; the more numbers a thread computes, the fewer it reads for each. 32 × 32 is a seventh faster yet, but
    // takes three seconds to compile.
    const side = (length: number, most: number): number =>
      Math.min(most, length >= 32 ? 32 : length >= 16 ? 16 : length >= 8 ? 8 : 4);
    return { threadRows: side(rows, 32), threadColumns: side(columns, 16), workgroup: [4, 1], sharedDepth: 0 };
  }
  const small = rows < 64 || columns < 64;
  return small
    ? { threadRows: 4, threadColumns: 4, workgroup: [8, 8], sharedDepth: 16 }
    : { threadRows: 8, threadColumns: 8, workgroup: [8, 8], sharedDepth: 16 };
}
