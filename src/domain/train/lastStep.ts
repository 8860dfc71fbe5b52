import type { RunRecord } from '../run';
import type { RunView } from './runView';

/** Returns the last step that a run makes: the one after which it stopped early, or else the last planned one. */
export function lastStepOf(
  { steps, stoppedStep }: Pick<RunRecord, 'steps' | 'stoppedStep'>,
  view: Pick<RunView, 'earlyStop'> | null,
): number {
  return stoppedStep ?? view?.earlyStop?.step ?? steps;
}
