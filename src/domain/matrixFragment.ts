/**
 * Shape of the products that a subgroup computes at once on matrix units: `rows` × `depth` times `depth` × `columns`.
 * It decides the order of additions within a sum.
 */
export interface MatrixFragment {
  rows: number;
  columns: number;
  depth: number;
}

/** Fragments that kernels exist for, the preferred one first. 8 × 8 × 8 is Apple's, 8 × 16 × 16 Intel's. */
export const matrixFragments: readonly MatrixFragment[] = [
  { rows: 16, columns: 16, depth: 16 },
  { rows: 16, columns: 8, depth: 16 },
  { rows: 16, columns: 8, depth: 8 },
  { rows: 8, columns: 8, depth: 8 },
  { rows: 8, columns: 16, depth: 16 },
];

export function isSameFragment(a: MatrixFragment, b: MatrixFragment): boolean {
  return a.rows === b.rows && a.columns === b.columns && a.depth === b.depth;
}
