import type { Layout } from '../../../../src/domain/kernelPlan';
import type { MatrixFragment } from '../../../../src/domain/matrixFragment';
import type { Epilogue } from './epilogue';
import type { MatrixTiling } from './subgroupMatrixTiling';

export interface MatrixVariant {
  layout: Layout;
  fragment: MatrixFragment;
  tiling: MatrixTiling;
  /** Threads of a subgroup. */
  subgroupSize: number;
  epilogue: Epilogue;
  /** Whether y is float32 and takes the sums as they are: whole tiles then leave without passing workgroup memory. */
  direct: boolean;
}
