import type { Evaluation } from '../../../src/domain/evaluate/evaluation';
import type { StoredExperiment } from '../../../src/storage/schema';
import { isAdded, type PlacedExperiment } from './placeContent';

/** The stores used by the transaction that opens a project. */
interface Experiments {
  get: (experimentId: string) => Promise<StoredExperiment | undefined>;
  put: (experiment: StoredExperiment) => Promise<unknown>;
}
interface Evaluations {
  getKey: (key: [string, string, string]) => Promise<unknown>;
  add: (evaluation: Evaluation) => Promise<unknown>;
}

/**
 * Adds content that may be created after an experiment or run was saved, if the stored one lacks it: sweeps, the pairs
 * that models are compared on, and evaluations of blends and on probe sets. Returns the requests.
 */
export async function addMissing(
  placed: readonly PlacedExperiment[],
  experiments: Experiments,
  evaluations: Evaluations,
): Promise<Promise<unknown>[]> {
  const added: Promise<unknown>[] = [];
  for (const { stored, place, runs } of placed) {
    const here = place.state === 'here' ? await experiments.get(place.id) : undefined;
    const known = new Set(here?.sweeps?.map(({ sweepId }) => sweepId));
    const sweeps = (stored.sweeps ?? []).filter(({ sweepId }) => !known.has(sweepId));
    // Set a new time of change, so that a page that shows the experiment reads it again before saving.
    const updatedAt = Math.max(Date.now(), (here?.updatedAt ?? 0) + 1);
    const pairs = here?.comparedPairs === undefined ? stored.comparedPairs : undefined;
    if (here && (sweeps.length > 0 || pairs !== undefined))
      added.push(
        experiments.put({
          ...here,
          ...(sweeps.length > 0 ? { sweeps: (here.sweeps ?? []).concat(sweeps) } : {}),
          ...(pairs === undefined ? {} : { comparedPairs: pairs }),
          updatedAt,
        }),
      );
    for (const { run, place: ofRun } of runs) {
      if (ofRun.state !== 'here') continue;
      for (const evaluation of run.evaluations) {
        const { part, moment } = evaluation;
        if (isAdded(evaluation) && (await evaluations.getKey([ofRun.id, part, moment])) === undefined)
          added.push(evaluations.add({ ...evaluation, runId: ofRun.id }));
      }
    }
  }
  return added;
}
