import type { Layout } from '../../../../src/domain/kernelPlan';
import type { MatrixFragment } from '../../../../src/domain/matrixFragment';
import type { Epilogue } from './epilogue';
import type { MatrixTiling } from './subgroupMatrixTiling';

export interface MatrixVariant {
  layout: Layout;
  fragment: MatrixFragment;
  tiling: MatrixTiling;
  /** Threads per subgroup. */
  subgroupSize: number;
  epilogue: Epilogue;
  /** Whether y is float32 and receives the sums unchanged. Whole tiles are then written without workgroup memory. */
  direct: boolean;
}
