import type { Stage } from './stageSchema';
import { defaultLora } from './loraSchema';
import { defaultPrefix } from './prefixSchema';
import { defaultKeywords, type Frozen, type Strategy } from './strategySchema';

/** The strategy that trains only biases. */
export const onlyBiases: Pick<Stage, 'strategy'> = { strategy: { kind: 'bitFit', keywords: [...defaultKeywords] } };

/** The usual settings of each strategy. */
const usual: Readonly<Record<Strategy['kind'], () => Strategy>> = {
  full: () => ({ kind: 'full' }),
  bitFit: () => onlyBiases.strategy,
  lora: () => ({ ...defaultLora, matrices: [...defaultLora.matrices] }),
  prefix: () => ({ ...defaultPrefix }),
};

/**
 * Returns the stage with another strategy. Drops settings that don't go with it: adapters are trained only in full
 * precision, and a prefix already freezes everything else.
 */
export function withStrategy({ precision, frozen, ...stage }: Stage, kind: Strategy['kind']): Stage {
  return {
    ...stage,
    strategy: usual[kind](),
    ...(precision !== undefined && kind !== 'lora' ? { precision } : {}),
    ...(frozen && kind !== 'prefix' ? { frozen } : {}),
  };
}

/** Returns the stage with other frozen parameters. Leaves the field out if nothing is frozen. */
export function withFrozen({ frozen: _, ...stage }: Stage, frozen: Frozen): Stage {
  return frozen.embeddings || frozen.layers > 0 ? { ...stage, frozen } : stage;
}
