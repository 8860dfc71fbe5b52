import type { Experiment } from '../../../src/domain/experiment';
import type { FloatLayout } from '../../../src/domain/modelTensors';
import { adapterPlan, type AdapterPlan } from '../../../src/domain/train/lora';

/** Returns the adapters of each stage; undefined for stages that don't train with LoRA. */
export function adapterPlans(
  { stages, seed }: Pick<Experiment, 'stages' | 'seed'>,
  model: FloatLayout,
): (AdapterPlan | undefined)[] {
  return stages.map((stage, index) => adapterPlan(model, stage, { seed, stage: index }));
}
