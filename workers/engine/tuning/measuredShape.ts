import type { MatmulTiling } from '../../../src/domain/kernelPlan';
import type { MatmulShape } from '../ops/matmul/matmulShape';
import type { TimerKind } from './workTimer';

export interface MeasuredShape {
  shape: MatmulShape;
  tiling: MatmulTiling;
  /** GFLOP/s with the tiling. */
  gflops: number;
  /** GFLOP/s with the default tiling, which the fixed rules choose. */
  defaultGflops: number;
  /** How the times were measured. Absent if the tiling was not chosen by measurement. */
  timer?: TimerKind;
  /**
   * Number of candidates that were left out because their shader was refused or their bits differed from the default's.
   */
  refused?: { shaders: number; bits: number };
  /** Set if the device's speed varied too much to compare candidates. The default is then kept. */
  unsteady?: boolean;
}
