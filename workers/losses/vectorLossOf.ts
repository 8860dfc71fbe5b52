import type { TfjsLossSettings } from '../../src/domain/train/lossSchema';
import { angle } from './angle';
import { cosineMse } from './cosineMse';
import { distillation } from './distillation';
import { sigmoidPairs } from './sigmoidPairs';
import { triplet } from './triplet';
import type { VectorLoss } from './vectorLoss';

/** Returns the loss with a stage's settings. */
export function vectorLossOf(loss: TfjsLossSettings): VectorLoss {
  switch (loss.kind) {
    case 'sigmoidPairs':
      return sigmoidPairs(loss);
    case 'triplet':
      return triplet(loss);
    case 'angle':
      return angle(loss);
    case 'cosineMse':
      return cosineMse();
    case 'distillation': {
      const { temperature, teacherTemperature = temperature } = loss;
      return distillation({ studentTemperature: temperature, teacherTemperature });
    }
    default:
      return loss satisfies never;
  }
}
