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
  /** How the times were measured. Missing if nothing was chosen by them. */
  timer?: TimerKind;
  /** Candidates that were left out: their shader was refused, or their bits differed from those of the default. */
  refused?: { shaders: number; bits: number };
  /** Set if the device's speed changed too much to compare candidates: the default stays. */
  unsteady?: boolean;
}
