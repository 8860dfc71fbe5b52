import type { RunSessionOnDevice } from './runSession';
import type { TrainingState } from './trainingState';

/**
 * Counts the dev evaluations since the last new best. Once there are as many as the experiment's patience, marks the
 * training as stopped, unless this is the last step. `steps` is the number of steps planned.
 */
export function noteDevEvaluation(
  { experiment, log }: Pick<RunSessionOnDevice, 'experiment' | 'log'>,
  { step, loop }: Pick<TrainingState, 'step' | 'loop'>,
  best: boolean,
  steps: number,
): void {
  const { earlyStop } = experiment.evaluation;
  if (!earlyStop) return;
  loop.sinceBest = best ? 0 : (loop.sinceBest ?? 0) + 1;
  if (loop.sinceBest < earlyStop.patience || step >= steps) return;
  loop.stopped = true;
  log.append({ type: 'earlyStop', step, bestStep: loop.bestStep ?? 0, evaluations: loop.sinceBest });
}
