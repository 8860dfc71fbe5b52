import type { Layout, MatmulTiling } from '../../../../src/domain/kernelPlan';
import type { Epilogue } from './epilogue';

/** Everything that distinguishes one product kernel from another. */
export interface MatmulTileVariant {
  layout: Layout;
  tiling: MatmulTiling;
  epilogue: Epilogue;
  /** Whether every operand's row length is a multiple of four, so that operands can be read as vec4. */
  aligned: boolean;
}
