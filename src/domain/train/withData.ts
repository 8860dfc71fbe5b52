import { lossKindsFor, lossOfKind } from './lossSchema';
import { dataOfStage, type StageData } from './stageData';
import type { Stage } from './stageSchema';

/**
 * Returns the stage with other rows to train on, and with the usual loss for them. Explicit negatives only apply to
 * pairs. `data` is left out for pairs, because they are the default.
 */
export function withData(stage: Stage, data: StageData): Stage {
  const [kind] = lossKindsFor(data);
  if (data === dataOfStage(stage) || kind === undefined) return stage;
  const { data: _, negatives: __, ...rest } = { ...stage, loss: lossOfKind(kind, stage.loss) };
  return data === 'pairs' ? rest : { ...rest, data };
}
