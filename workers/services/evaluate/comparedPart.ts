import { canonicalJson } from '../../../src/domain/canonicalJson';
import { candidateId, type Candidate } from '../../../src/domain/evaluate/candidate';
import { compareTable } from '../../../src/domain/evaluate/compareTable';
import { AppError } from '../../../src/domain/errors';
import type { Passage, QuestionPart } from '../../../src/domain/records';
import type { ComparedModel, ComparedPart, CompareTableRequest } from '../../../src/protocol/compareApi';
import { comparisonKeys, getComparison, usesOfPart } from '../../../src/storage/comparisons';
import type { Database } from '../../../src/storage/database';
import type { StoredComparison } from '../../../src/storage/schema';
import { isGone } from './candidates';
import { comparedData, type ComparedData, type DataOwner } from './comparedData';
import { comparisonKey, isScored } from './compareModels';

/** Stored results without the scores, which are large and not needed here. */
type ReadResults = Omit<StoredComparison, 'scores'>;

/**
 * Final results of the experiment looked at last. Other results may still change under the same key: those that only
 * accompany a run become results of the comparison, and those of an earlier version get their scores.
 */
let read = { of: '', results: new Map<string, ReadResults>() };

/** Returns the compared models of an experiment. Reads only those that have not been read yet or may have changed. */
async function allResults(db: Database, experimentId: string): Promise<ReadResults[]> {
  const of = canonicalJson([db.name, experimentId]);
  if (read.of !== of) read = { of, results: new Map() };
  const known = read.results;
  const keys = await comparisonKeys(db, experimentId);
  for (const key of known.keys()) if (!keys.includes(key)) known.delete(key);
  const changing: ReadResults[] = [];
  for (const key of keys) {
    if (known.has(key)) continue;
    const stored = await getComparison(db, experimentId, key);
    if (!stored || stored.ofRun) continue;
    const { scores, ...results } = stored;
    if (stored.part === 'probe' || scores || !isScored(stored.candidate)) known.set(key, results);
    else changing.push(results);
  }
  return [...known.values(), ...changing];
}

/** Returns the stored results that were computed on the current data with the current weights. */
export async function currentResults(
  db: Database,
  experimentId: string,
  part: QuestionPart,
  data: ComparedData,
): Promise<{ id: string; stored: ReadResults }[]> {
  const current: { id: string; stored: ReadResults }[] = [];
  for (const stored of await allResults(db, experimentId))
    if (stored.part === part && (await isCurrent(db, stored, data)))
      current.push({ id: candidateId(stored.candidate), stored });
  return current;
}

async function isCurrent(db: Database, { candidate, key }: ReadResults, data: ComparedData): Promise<boolean> {
  try {
    return (await comparisonKey(db, candidate, data)) === key;
  } catch (thrown) {
    if (isGone(thrown)) return false;
    throw thrown;
  }
}

/** Returns the candidates of an experiment that have stored results. */
export async function comparedCandidates(db: Database, experimentId: string): Promise<Candidate[]> {
  return (await allResults(db, experimentId)).map(({ candidate }) => candidate);
}

/** Returns how many models were compared on an experiment's test questions. */
export async function countTestUses(db: Database, experimentId: string): Promise<number> {
  return usesOfPart(await allResults(db, experimentId), 'test');
}

/** Returns the questions that models are compared on, and their stored results. */
export async function comparedPart(db: Database, experimentId: string, part: QuestionPart): Promise<ComparedPart> {
  const data = await comparedData(db, { experimentId }, part);
  const models = (await currentResults(db, experimentId, part, data)).map(({ id, stored }): ComparedModel => {
    return { id, results: stored.results, passagesPerSecond: stored.passagesPerSecond };
  });
  const { questions, passages, leftOut, knowledgeBaseSha256 } = data;
  const testUses = await countTestUses(db, experimentId);
  return { questions, passages: passages.length, knowledgeBaseSha256, leftOut, models, testUses };
}

/** Computes the table of stored results. Throws `not-found` if a candidate has none. */
export async function tableOf(
  db: Database,
  { experimentId, part, ids, baselineId, k }: CompareTableRequest,
): Promise<ReturnType<typeof compareTable>> {
  const data = await comparedData(db, { experimentId }, part);
  const stored = new Map(
    (await currentResults(db, experimentId, part, data)).map((one) => [one.id, one.stored.results]),
  );
  const models = ids.map((id) => {
    const results = stored.get(id);
    if (!results) throw new AppError({ kind: 'not-found', what: 'evaluation', id });
    return { id, results };
  });
  return compareTable(models, baselineId, k);
}

/** Returns the passages with these ids among those that the part's questions search. Skips unknown ids. */
export async function comparedPassages(
  db: Database,
  owner: DataOwner,
  part: QuestionPart,
  ids: readonly string[],
): Promise<Passage[]> {
  const { passages, order } = await comparedData(db, owner, part);
  return ids.flatMap((id) => passages[order.indexOf.get(id) ?? -1] ?? []);
}
