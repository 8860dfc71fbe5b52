import type { KernelPlan, MatmulTiling } from '../../../../src/domain/kernelPlan';
import type { EngineTraits } from '../../engine';
import { defaultTiling } from './defaultTiling';
import type { MatmulShape } from './matmulShape';
import { planKey } from './planKey';

/**
 * A measured tiling is also used for token counts up to this many doublings or halvings away. This number was chosen
 * rather than measured. A larger one would let a measurement decide for sizes that it says little about; a smaller one
 * would leave more of a run's sizes to the default. It never changes a bit of the result.
 */
const maxBucketDistance = 4;

/** Returns the plan's tiling for this token count or a similar one, else the default tiling. */
export function plannedTiling(traits: EngineTraits, plan: KernelPlan | undefined, shape: MatmulShape): MatmulTiling {
  return (plan && tilingInPlan(plan, shape)) ?? defaultTiling(traits, shape);
}

function tilingInPlan({ matmul }: KernelPlan, shape: MatmulShape): MatmulTiling | undefined {
  for (let distance = 0; distance <= maxBucketDistance; distance++)
    for (const factor of distance === 0 ? [1] : [2 ** distance, 2 ** -distance]) {
      const tiling = matmul[planKey(shape, factor)];
      if (tiling) return tiling;
    }
  return undefined;
}
