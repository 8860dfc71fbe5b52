import type { Stage } from './stageSchema';
import { defaultKeywords, type Frozen } from './strategySchema';

/** The strategy that trains only biases. */
export const onlyBiases: Pick<Stage, 'strategy'> = { strategy: { kind: 'bitFit', keywords: [...defaultKeywords] } };

/** Returns the stage with another choice of frozen parameters. One that freezes nothing leaves the field out. */
export function withFrozen({ frozen: _, ...stage }: Stage, frozen: Frozen): Stage {
  return frozen.embeddings || frozen.layers > 0 ? { ...stage, frozen } : stage;
}
