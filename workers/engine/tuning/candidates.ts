import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { EngineTraits } from '../engine';
import { defaultTiling } from '../ops/matmul/defaultTiling';
import type { MatmulShape } from '../ops/matmul/matmulShape';
import { matrixTiling } from '../ops/matmul/subgroupMatrix';
import { fitsKernelLimits, type KernelLimits } from './kernelLimits';

const tiling = (
  [threadRows, threadColumns]: readonly [number, number],
  workgroup: readonly [number, number],
  sharedDepth: number,
): MatmulTiling => ({ threadRows, threadColumns, workgroup, sharedDepth });

/**
 * Tiles of 32 to 128 per side. Large ones reuse more of the operands they read; small ones keep more cores busy. Which
 * one is fastest differs between GPUs.
 */
const shared: MatmulTiling[] = [
  tiling([8, 8], [8, 8], 16),
  tiling([4, 4], [16, 16], 16),
  tiling([4, 8], [16, 16], 16),
  tiling([8, 8], [16, 16], 8),
  tiling([8, 4], [16, 8], 16),
  tiling([4, 4], [8, 8], 32),
];

const registersOnly: MatmulTiling[] = [tiling([8, 8], [8, 8], 0), tiling([4, 8], [8, 16], 0)];

const bySubgroups: MatmulTiling[] = [
  { ...tiling([8, 4], [64, 1], 0), subgroups: true },
  { ...tiling([16, 4], [64, 1], 0), subgroups: true },
  { ...tiling([8, 8], [32, 1], 0), subgroups: true },
];

/**
 * Returns the tilings worth measuring for a product, the default one first. Tilings with subgroup matrices are included
 * only for half-precision operands.
 */
export function candidateTilings(traits: EngineTraits, device: KernelLimits, shape: MatmulShape): MatmulTiling[] {
  const { subgroups, matrixSides = [] } = device;
  const rest = traits.software
    ? [tiling([16, 16], [4, 1], 0), tiling([8, 16], [4, 1], 0)]
    : [
        ...shared,
        ...registersOnly,
        ...(subgroups ? bySubgroups : []),
        ...(shape.half ? matrixSides.map(matrixTiling) : []),
      ];
  const seen = new Set<string>();
  return [defaultTiling(traits, shape), ...rest].filter((each) => {
    const key = JSON.stringify(each);
    return !seen.has(key) && seen.add(key) && fitsKernelLimits(each, device);
  });
}
