import type { MatmulChoice, MatmulTiling } from '../../../src/domain/kernelPlan';
import { defaultMatmulParts, possibleMatmulParts } from '../ops/matmul/matmulParts';
import type { EngineTraits } from '../engine';
import { defaultChoice, defaultTiling } from '../ops/matmul/defaultChoice';
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
 * Returns the tilings worth measuring for a product with at least 64 rows and columns, the default one first. Tilings
 * with subgroup matrices are included only for half-precision operands.
 */
export function candidateTilings(traits: EngineTraits, device: KernelLimits, half = false): MatmulTiling[] {
  const { subgroups, matrixSides = [] } = device;
  const first = defaultTiling(traits, 64, 64);
  const rest = traits.software
    ? [tiling([16, 16], [4, 1], 0), tiling([8, 16], [4, 1], 0)]
    : [...shared, ...registersOnly, ...(subgroups ? bySubgroups : []), ...(half ? matrixSides.map(matrixTiling) : [])];
  const key = JSON.stringify(first);
  return [first, ...rest.filter((each) => JSON.stringify(each) !== key)].filter((each) =>
    fitsKernelLimits(each, device),
  );
}

/**
 * Returns each tiling without a split and, if that leaves cores idle, also with the inner dimension split into parts.
 * The default choice comes first.
 */
export function candidateChoices(traits: EngineTraits, device: KernelLimits, shape: MatmulShape): MatmulChoice[] {
  const first = defaultChoice(traits, shape);
  const all = [first.tiling, ...candidateTilings(traits, device, shape.half)].flatMap((tiling) => {
    const parts = traits.software ? 1 : possibleMatmulParts(defaultMatmulParts(tiling, shape), shape);
    return (parts > 1 ? [1, parts] : [1]).map((each) => ({ tiling, parts: each }));
  });
  const seen = new Set<string>();
  return [{ ...first, parts: possibleMatmulParts(first.parts, shape) }, ...all].filter((choice) => {
    const key = JSON.stringify(choice);
    return !seen.has(key) && seen.add(key);
  });
}
