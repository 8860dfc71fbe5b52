import type { Experiment } from '../experiment';
import type { NegativeDecision } from './judgedPairs';

/** Returns the experiment with a negative dropped, or kept after all, in one of its stages. */
export function withDecision(
  experiment: Experiment,
  stageIndex: number,
  { id, keep }: Pick<NegativeDecision, 'id' | 'keep'>,
): Experiment {
  const stages = experiment.stages.map((stage, index) => {
    if (index !== stageIndex || !stage.negatives) return stage;
    const { dropped = [], ...rest } = stage.negatives;
    const others = dropped.filter((one) => one !== id);
    const next = keep ? others : [...others, id];
    return { ...stage, negatives: next.length > 0 ? { ...rest, dropped: next } : rest };
  });
  return { ...experiment, stages };
}

/**
 * Returns the latest decision about each negative of the list. A drop counts only while the stage's settings still
 * contain it, because undo removes it from there.
 */
export function decisionsOf(
  ids: readonly string[],
  log: readonly NegativeDecision[],
  dropped: readonly string[],
): Map<string, 'keep' | 'drop'> {
  const latest = new Map(log.map(({ id, keep }) => [id, keep]));
  const found = new Map<string, 'keep' | 'drop'>();
  for (const id of ids) {
    if (dropped.includes(id)) found.set(id, 'drop');
    else if (latest.get(id) === true) found.set(id, 'keep');
  }
  return found;
}
