import type { MatmulTiling } from '../../../../src/domain/kernelPlan';

/** Returns the number of workgroups along columns and along rows. */
export function matmulGroups(
  { threadRows, threadColumns, workgroup }: MatmulTiling,
  rows: number,
  columns: number,
): readonly [number, number] {
  return [Math.ceil(columns / (threadColumns * workgroup[0])), Math.ceil(rows / (threadRows * workgroup[1]))];
}
