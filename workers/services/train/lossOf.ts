import type { Stage } from '../../../src/domain/experiment';
import { infoNceLoss } from '../../engine/losses/infoNce';
import type { Loss } from '../../engine/losses/loss';
import { matryoshkaLoss } from '../../engine/losses/matryoshka';

/** Returns the loss that a stage trains with. */
export function lossOf({ loss }: Pick<Stage, 'loss'>): Loss {
  switch (loss.kind) {
    case 'inBatchInfoNce':
      return loss.matryoshka ? matryoshkaLoss(infoNceLoss(loss), loss.matryoshka) : infoNceLoss(loss);
    default:
      return loss.kind satisfies never;
  }
}
