import { denseOf, type Candidate, type DenseCandidate } from '../../../src/domain/evaluate/candidate';
import { guard, withHandledEnd, type Database } from '../../../src/storage/database';
import { isGone, openDense } from '../evaluate/candidates';
import type { PlacedExperiment } from './placeContent';
import { keyOf, runOf, type ProjectComparison } from './projectComparisons';

/** Returns the candidate with the id that its run has here. */
function renamed(candidate: Candidate, runIds: ReadonlyMap<string, string>): Candidate {
  const rename = (dense: DenseCandidate): DenseCandidate =>
    'runId' in dense ? { ...dense, runId: runIds.get(dense.runId) ?? dense.runId } : dense;
  if (candidate.kind === 'fused') return { kind: 'fused', dense: rename(candidate.dense) };
  return candidate.kind === 'keywords' ? candidate : rename(candidate);
}

/** Whether the model or the weights of a candidate are here. */
async function isHere(db: Database, candidate: Candidate): Promise<boolean> {
  const dense = denseOf(candidate);
  if (!dense) return true;
  try {
    await openDense(db, dense);
    return true;
  } catch (thrown) {
    if (isGone(thrown)) return false;
    throw thrown;
  }
}

/**
 * Adds the results of comparisons to experiments that were opened, under the ids that these and their runs have here.
 * Keeps results that are stored already. Results of models that are not here are added too, because they count as uses
 * of test. Returns the names of the experiments with such results.
 */
export async function addComparisons(
  db: Database,
  comparisons: readonly ProjectComparison[],
  placed: readonly PlacedExperiment[],
): Promise<string[]> {
  const runs = placed.flatMap((one) => one.runs);
  const runIds = new Map(runs.map(({ run, place }) => [run.record.runId, place.id]));
  const incomplete: string[] = [];
  for (const { stored, place } of placed) {
    const found: ProjectComparison[] = [];
    let missing = 0;
    for (const one of comparisons) {
      if (one.experimentId !== stored.experimentId) continue;
      const candidate = renamed(one.candidate, runIds);
      if (!(await isHere(db, candidate))) missing += 1;
      const isOfRun = runOf(candidate) !== null;
      const key = isOfRun && one.dataSha256 !== undefined ? await keyOf(db, candidate, one.dataSha256) : null;
      found.push({ ...one, experimentId: place.id, candidate, key: key ?? one.key });
    }
    await addAll(db, place.id, found);
    if (missing > 0) incomplete.push(stored.name);
  }
  return incomplete;
}

async function addAll(db: Database, experimentId: string, comparisons: readonly ProjectComparison[]): Promise<void> {
  if (comparisons.length === 0) return;
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction(['experiments', 'comparisons'], 'readwrite'));
    const store = transaction.objectStore('comparisons');
    if (await transaction.objectStore('experiments').getKey(experimentId))
      for (const one of comparisons)
        if ((await store.getKey([experimentId, one.key])) === undefined) await store.add(one);
    await transaction.done;
  });
}
