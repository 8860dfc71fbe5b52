import type { Stage } from '../../../src/domain/experiment';
import { isTfjsLoss } from '../../../src/domain/train/lossSchema';
import type { Engine } from '../../engine/engine';
import { lossOf } from './lossOf';
import { openTfjsLoss, type OpenLoss } from './tfjsLoss';

/** Opens the loss that a stage trains with. tfjs is a separate chunk, which is loaded only for a loss that needs it. */
export async function openLoss(engine: Engine, { loss }: Pick<Stage, 'loss'>): Promise<OpenLoss> {
  if (!isTfjsLoss(loss)) return { loss: lossOf(loss), close: () => undefined };
  const { vectorLossOf } = await import('../../losses/vectorLossOf');
  return openTfjsLoss(engine, vectorLossOf(loss));
}
