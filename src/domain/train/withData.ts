import { lossKindsFor, lossOfKind } from './lossSchema';
import { dataOfStage, type StageData } from './stageData';
import type { Stage } from './stageSchema';

/**
 * Returns the stage with other rows to train on, and with the usual loss for them. Explicit negatives belong to pairs.
 * The field of pairs is left out, because they are the default.
 */
export function withData(stage: Stage, data: StageData): Stage {
  const [kind] = lossKindsFor(data);
  if (data === dataOfStage(stage) || kind === undefined) return stage;
  const { data: _, negatives: __, ...rest } = { ...stage, loss: lossOfKind(kind, stage.loss) };
  return data === 'pairs' ? rest : { ...rest, data };
}
