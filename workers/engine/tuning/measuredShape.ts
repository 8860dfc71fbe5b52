import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { MatmulShape } from '../ops/matmul/matmulShape';

export interface MeasuredShape {
  shape: MatmulShape;
  tiling: MatmulTiling;
  /** GFLOP/s with the tiling. */
  gflops: number;
  /** GFLOP/s with the default tiling, which the fixed rules choose. */
  defaultGflops: number;
}
