import { denseOf, type Candidate, type DenseCandidate } from '../../../src/domain/evaluate/candidate';
import type { ProjectFault } from '../../../src/domain/errors';
import { guard, withHandledEnd, type Database } from '../../../src/storage/database';
import { isGone, openDense } from '../evaluate/candidates';
import { pairSet } from '../evaluate/pairSet';
import { keyOf, runOf, unlessData, type ProjectComparison } from './projectComparisons';

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

/** Returns the key that results have on the current pairs of an experiment, and how many pairs these are, or null. */
async function currentPairs(
  db: Database,
  experimentId: string,
  candidate: Candidate,
): Promise<{ key: string | null; pairs: number } | null> {
  const set = await unlessData(() => pairSet(db, experimentId));
  return set && { key: await keyOf(db, candidate, set.sha256), pairs: set.pairs.length };
}

/** Whether results have other than one score per pair, as far as the pairs that they belong to are here. */
async function misfits(db: Database, one: ProjectComparison): Promise<boolean> {
  if (one.part !== 'pairs') return false;
  const current = await currentPairs(db, one.experimentId, one.candidate);
  return current !== null && current.key === one.key && current.pairs !== one.scores.length;
}

/**
 * Returns results under the ids that their experiment and its run have here, and whether their candidate is here. The
 * id of a run that was not opened may be that of another run here, so such results keep the key of the file.
 */
async function placedResults(
  db: Database,
  one: ProjectComparison,
  experimentId: string,
  runIds: ReadonlyMap<string, string>,
): Promise<{ placed: ProjectComparison; here: boolean }> {
  const candidate = renamed(one.candidate, runIds);
  const runId = runOf(one.candidate);
  const placed = { ...one, experimentId, candidate };
  if (runId === null) return { placed, here: await isHere(db, candidate) };
  const here = await isHere(db, candidate);
  const key = here && one.dataSha256 !== undefined ? await keyOf(db, candidate, one.dataSha256) : null;
  if (!runIds.has(runId)) return { placed, here: key === one.key };
  return { placed: { ...placed, key: key ?? one.key }, here };
}

/**
 * Adds an experiment's results of comparisons under its id here; `runIds` are the ids of the opened runs here by those
 * in the file. Keeps results that are stored already. Results of models that are not here are added too, because they
 * count as uses of test. Returns what is missing.
 */
export async function addComparisons(
  db: Database,
  comparisons: readonly ProjectComparison[],
  experimentId: string,
  runIds: ReadonlyMap<string, string>,
): Promise<ProjectFault[]> {
  const found: ProjectComparison[] = [];
  const faults = new Set<ProjectFault>();
  for (const one of comparisons) {
    const { placed, here } = await placedResults(db, one, experimentId, runIds);
    if (!here) faults.add('candidates-missing');
    if (await misfits(db, placed)) faults.add('scores-misfit');
    else found.push(placed);
  }
  await addAll(db, experimentId, found);
  return [...faults];
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
