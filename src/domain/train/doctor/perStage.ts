import { dataOfStage, type Experiment, type Stage } from '../../experiment';
import type { SplitFacts } from './facts';
import type { Finding } from './finding';

/** Collects the findings of `examine` for each stage. */
export function perStage(
  { stages }: Pick<Experiment, 'stages'>,
  examine: (stage: Stage, index: number) => Finding[],
): Finding[] {
  return stages.flatMap((stage, index) => examine(stage, index));
}

/** Whether the stage's loss contrasts each question with the passages of other questions in its batch. */
export function usesInBatchNegatives({ loss }: Pick<Stage, 'loss'>): boolean {
  switch (loss.kind) {
    case 'inBatchInfoNce':
      return (loss.contrast ?? 'batch') === 'batch';
    case 'sigmoidPairs':
      return true;
    case 'triplet':
    case 'distillation':
    case 'cosent':
    case 'angle':
    case 'cosineMse':
      return false;
    default:
      return loss satisfies never;
  }
}

/** Returns how many rows of its data a stage trains on. */
export function trainRowCount(stage: Pick<Stage, 'data'>, split: SplitFacts): number {
  return dataOfStage(stage) === 'pairs' ? split.train : split.scored;
}

/** Whether the stage's loss leaves out passages that are known answers to the same question. */
export function leavesOutKnown({ loss }: Pick<Stage, 'loss'>): boolean {
  return loss.kind === 'inBatchInfoNce' && loss.falseNegatives?.known === true;
}
