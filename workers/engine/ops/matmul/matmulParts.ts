import type { MatmulTiling } from '../../../../src/domain/kernelPlan';
import { alignmentFloats } from '../../alignment';
import { scratchFloats } from '../../scratch';
import { matmulGroups } from './matmulGroups';
import type { MatmulShape } from './matmulShape';

/** Minimum length of a part of the inner dimension. Below it, writing and adding the parts costs more than it saves. */
const minPartLength = 128;
/** Number of workgroups that keeps a GPU with a few dozen cores busy. */
const busyGroups = 128;

/**
 * Returns `parts`, or fewer if they would be too short or their results would not fit in the engine's scratch array.
 */
export function possibleMatmulParts(parts: number, { rows, columns, depth }: MatmulShape): number {
  const fitting = Math.floor((scratchFloats - alignmentFloats) / (rows * columns + rows));
  return Math.max(1, Math.min(parts, Math.floor(depth / minPartLength), fitting));
}

/**
 * Returns the default number of parts. A product of few tiles over a long inner dimension (a weight gradient with a
 * small hidden size, the scores of a batch) would otherwise leave most cores idle.
 */
export function defaultMatmulParts(tiling: MatmulTiling, { rows, columns, depth }: MatmulShape): number {
  const [x, y] = matmulGroups(tiling, rows, columns);
  if (2 * x * y > busyGroups) return 1;
  return Math.max(1, Math.min(16, Math.floor(busyGroups / (x * y)), Math.floor(depth / (2 * minPartLength))));
}
