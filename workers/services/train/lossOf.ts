import type { FusedLossSettings } from '../../../src/domain/train/lossSchema';
import { infoNceLoss } from '../../engine/losses/infoNce';
import { cosentLoss } from '../../engine/losses/cosent';
import type { Loss } from '../../engine/losses/loss';
import { matryoshkaLoss } from '../../engine/losses/matryoshka';

/** Returns a loss that the engine's own kernels compute. */
export function lossOf(loss: FusedLossSettings): Loss {
  switch (loss.kind) {
    case 'inBatchInfoNce':
      return loss.matryoshka ? matryoshkaLoss(infoNceLoss(loss), loss.matryoshka) : infoNceLoss(loss);
    case 'cosent':
      return cosentLoss(loss);
    default:
      return loss satisfies never;
  }
}
