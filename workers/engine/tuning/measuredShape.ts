import type { MatmulChoice } from '../../../src/domain/kernelPlan';
import type { MatmulShape } from '../ops/matmul/matmulShape';

export interface MeasuredShape {
  shape: MatmulShape;
  choice: MatmulChoice;
  /** GFLOP/s of the choice. */
  gflops: number;
  /** GFLOP/s of the default choice, which the fixed rules make. */
  defaultGflops: number;
}
