import type { AppErrorDetails } from '../errors';
import type { Stage } from '../experiment';

/**
 * Returns why a stage's loss can't be computed, or null. The loss may need explicit negatives that the stage lacks, be
 * unable to use those that it has, need a teacher or imported negatives with scores, have a Matryoshka prefix longer
 * than the model's vectors, or need vectors of even length. `dimension` is the length of the model's vectors; null if
 * the model is not known.
 */
export function lossRefusal(
  { loss, negatives }: Pick<Stage, 'loss' | 'negatives'>,
  stage: number,
  dimension: number | null,
): AppErrorDetails | null {
  if (loss.kind === 'sigmoidPairs')
    return negatives ? { kind: 'loss-takes-pairs', stage, negatives: negatives.perAnchor } : null;
  if (loss.kind === 'triplet') return negatives ? null : { kind: 'loss-needs-triplets', stage };
  if (loss.kind === 'distillation') {
    if (!negatives) return { kind: 'distillation-needs-negatives', stage };
    if (loss.scores === 'imported')
      return negatives.from === 'imported' ? null : { kind: 'teacher-scores-need-imported', stage };
    return loss.teacher ? null : { kind: 'teacher-not-chosen', stage };
  }
  if (loss.kind === 'angle' && dimension !== null && dimension % 2 !== 0)
    return { kind: 'angle-needs-even-vectors', stage, dimension };
  if (loss.kind !== 'inBatchInfoNce') return null;
  const needsNegatives = (loss.contrast ?? 'batch') !== 'batch' || loss.hardness?.mode === 'explicit';
  if (needsNegatives && !negatives) return { kind: 'loss-needs-negatives', stage };
  const longest = (loss.matryoshka ?? []).reduce((most, prefix) => Math.max(most, prefix.dimension), 0);
  if (dimension !== null && longest > dimension) return { kind: 'prefix-too-long', stage, prefix: longest, dimension };
  return null;
}
