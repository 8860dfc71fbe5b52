import type { TfjsLossSettings } from '../../src/domain/train/lossSchema';
import { sigmoidPairs } from './sigmoidPairs';
import type { VectorLoss } from './vectorLoss';

/** Returns the loss with a stage's settings. */
export function vectorLossOf(loss: TfjsLossSettings): VectorLoss {
  switch (loss.kind) {
    case 'sigmoidPairs':
      return sigmoidPairs(loss);
    default:
      return loss.kind satisfies never;
  }
}
