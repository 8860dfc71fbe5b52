import type { Stage } from '../experiment';

/** Returns how many negatives a question of a full batch is contrasted with, before any are left out. */
export function negativesPerQuestion(
  { loss, negatives }: Pick<Stage, 'loss' | 'negatives'>,
  batchSize: number,
): number {
  const own = negatives?.perAnchor ?? 0;
  if (loss.kind === 'triplet' || loss.kind === 'distillation') return own;
  switch (loss.kind === 'inBatchInfoNce' ? loss.contrast : 'batch') {
    case 'own':
      return own;
    case 'explicit':
      return batchSize * own;
    default: {
      const drawn = loss.kind === 'inBatchInfoNce' ? loss.inBatchNegatives : undefined;
      return own + Math.min(drawn ?? Infinity, batchSize - 1) * (1 + own);
    }
  }
}
