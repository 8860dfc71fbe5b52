import { denseOf, type Candidate } from '../../../src/domain/evaluate/candidate';
import { toAppError } from '../../../src/domain/errors';
import { own } from '../../../src/domain/errorWords';
import { comparisonSchema } from '../../../src/domain/project/comparisonSchemas';
import { listPaths } from '../../../src/domain/project/manifest';
import type { SameFields } from '../../../src/domain/project/sameFields';
import type { Output } from '../../../src/domain/project/validate';
import type { Database } from '../../../src/storage/database';
import type { StoredComparison, StoredPairScores } from '../../../src/storage/schema';
import { isGone } from '../evaluate/candidates';
import { comparedData } from '../evaluate/comparedData';
import { comparisonKey, stopping } from '../evaluate/compareModels';
import type { ProjectReader } from './projectReader';

export type ProjectComparison = StoredComparison | StoredPairScores;

/** Does not compile if a stored result has a field that its schema lacks. */
export type CompleteComparisons = [
  Extract<SameFields<Extract<Output<typeof comparisonSchema>, { part: 'pairs' }>, StoredPairScores>, true>,
  Extract<SameFields<Exclude<Output<typeof comparisonSchema>, { part: 'pairs' }>, StoredComparison>, true>,
];

/** Returns the run whose weights a candidate uses, or null. */
export function runOf(candidate: Candidate): string | null {
  const dense = denseOf(candidate);
  return dense && 'runId' in dense ? dense.runId : null;
}

/** Returns the key of results, or null if the candidate is no longer there. */
export async function keyOf(db: Database, candidate: Candidate, sha256: string): Promise<string | null> {
  try {
    return await comparisonKey(db, candidate, { sha256 });
  } catch (thrown) {
    if (isGone(thrown)) return null;
    throw thrown;
  }
}

/** Returns what `work` does, or null if the data is missing or unfit. Throws if it was cancelled or storage failed. */
export async function unlessData<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (thrown) {
    const { kind } = toAppError(thrown).details;
    // What is not known may be a failure of storage.
    if (stopping.has(kind) || kind === 'unexpected') throw thrown;
    return null;
  }
}

/** Results of earlier versions don't say which data they belong to: perhaps to the current one. */
async function currentSha256(db: Database, { experimentId, part }: ProjectComparison): Promise<string | undefined> {
  if (part !== 'dev' && part !== 'test') return undefined;
  return (await unlessData(() => comparedData(db, { experimentId }, part)))?.sha256;
}

/**
 * Returns the results to save. Weights of a run get another hash where the file is opened, and so do the keys of their
 * results: those that belong to the current weights say on which data they were computed, so that the key can be
 * computed again.
 */
export async function comparisonsToSave(
  db: Database,
  comparisons: readonly ProjectComparison[],
): Promise<ProjectComparison[]> {
  const saved: ProjectComparison[] = [];
  // Reading the data is slow, and all results on one part share it.
  const hashes = new Map<string, string | undefined>();
  for (const stored of comparisons) {
    if (runOf(stored.candidate) === null) {
      saved.push(stored);
      continue;
    }
    const { dataSha256, ...rest } = stored;
    const data = `${stored.part} ${stored.experimentId}`;
    if (dataSha256 === undefined && !hashes.has(data)) hashes.set(data, await currentSha256(db, stored));
    const known = dataSha256 ?? hashes.get(data);
    const isCurrent = known !== undefined && (await keyOf(db, stored.candidate, known)) === stored.key;
    saved.push(isCurrent ? { ...rest, dataSha256: known } : rest);
  }
  return saved;
}

/**
 * Reads the results of comparisons of a project file; files of earlier versions have none.
 * @throws project-invalid if a record is invalid, is there twice, or belongs to no experiment of the file.
 */
export async function readComparisons(
  reader: ProjectReader,
  experimentIds: ReadonlySet<string>,
): Promise<ProjectComparison[]> {
  const path = listPaths.comparisons;
  if (!reader.has(path)) return [];
  const comparisons = await reader.records('comparisons', comparisonSchema);
  const keys = comparisons.map(({ experimentId, key }) => `${experimentId} ${key}`);
  if (new Set(keys).size < keys.length) throw reader.invalid(path, own('same-key'));
  const foreign = comparisons.findIndex(({ experimentId }) => !experimentIds.has(experimentId));
  if (foreign >= 0) throw reader.invalid(`${path} [${foreign}] experimentId`, own('no-such-experiment'));
  return comparisons;
}
