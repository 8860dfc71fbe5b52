import type { Layout } from '../../../../src/domain/kernelPlan';
import type { EpilogueClass } from './epilogue';

/** Shape of a product y [rows, columns]; `depth` is the length of the inner dimension. */
export interface MatmulShape {
  layout: Layout;
  epilogue: EpilogueClass;
  rows: number;
  columns: number;
  depth: number;
  /** Whether operands are stored in half precision. Other tilings are fastest then. */
  half?: boolean;
}

export function matmulFlops({ rows, columns, depth }: MatmulShape): number {
  return 2 * rows * columns * depth;
}
