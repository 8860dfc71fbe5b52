import type { Stage } from '../../../src/domain/experiment';
import { infoNceLoss } from '../../engine/losses/infoNce';
import { cosentLoss } from '../../engine/losses/cosent';
import type { Loss } from '../../engine/losses/loss';

/** Returns the loss that a stage trains with. */
export function lossOf({ loss }: Pick<Stage, 'loss'>): Loss {
  switch (loss.kind) {
    case 'inBatchInfoNce':
      return infoNceLoss(loss);
    case 'cosent':
      return cosentLoss(loss);
    default:
      return loss satisfies never;
  }
}
