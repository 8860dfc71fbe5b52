import type { KernelPlan, MatmulChoice } from '../../../../src/domain/kernelPlan';
import type { EngineTraits } from '../../engine';
import { defaultChoice } from './defaultChoice';
import { possibleMatmulParts } from './matmulParts';
import type { MatmulShape } from './matmulShape';
import { planKey } from './planKey';

/** A measured choice is also used for token counts up to this many doublings or halvings away. */
const maxBucketDistance = 4;

/** Returns the plan's choice for this or a similar token count, else the default. Equal shapes get equal choices. */
export function matmulChoice(traits: EngineTraits, plan: KernelPlan | undefined, shape: MatmulShape): MatmulChoice {
  const { tiling, parts } = (plan && chosenInPlan(plan, shape)) ?? defaultChoice(traits, shape);
  return { tiling, parts: possibleMatmulParts(parts, shape) };
}

function chosenInPlan({ matmul }: KernelPlan, shape: MatmulShape): MatmulChoice | undefined {
  for (let distance = 0; distance <= maxBucketDistance; distance++)
    for (const factor of distance === 0 ? [1] : [2 ** distance, 2 ** -distance]) {
      const choice = matmul[planKey(shape, factor)];
      if (choice) return choice;
    }
  return undefined;
}
