import type { ChosenNegatives, MinedScores } from '../domain/negatives/chooseNegatives';
import { sha256Stream } from '../domain/hash';
import type { Database } from './database';
import { makingRoom } from './deletedExperiments';
import type { StoredMinedNegatives } from './schema';

type Arrays = Pick<StoredMinedNegatives, 'chosen' | 'positives' | 'negatives' | 'ranks' | 'random'>;

const hashOf = ({ chosen, positives, negatives, ranks, random }: Arrays): Promise<string> =>
  sha256Stream([chosen, positives, negatives, ranks, random]);

/** Stores negatives with the scores found by the search. */
export async function putMinedNegatives(
  db: Database,
  key: string,
  { chosen, scores, ...counts }: ChosenNegatives & { scores: MinedScores },
): Promise<void> {
  const arrays: Arrays = {
    chosen: chosen.slice().buffer,
    positives: scores.positives.slice().buffer,
    negatives: scores.negatives.slice().buffer,
    ranks: scores.ranks.slice().buffer,
    random: scores.random.slice().buffer,
  };
  const { candidates } = scores;
  const sha256 = await hashOf(arrays);
  await makingRoom(db, () => db.put('minedNegatives', { key, ...arrays, sha256, candidates, ...counts }));
}

/** Returns the record of stored negatives, or undefined if there is none or its bytes do not match their hash. */
export async function getMinedRecord(db: Database, key: string): Promise<StoredMinedNegatives | undefined> {
  const stored = await db.get('minedNegatives', key);
  return stored && (await hashOf(stored)) === stored.sha256 ? stored : undefined;
}

/** Stores the record of negatives that were mined elsewhere. */
export async function putMinedRecord(db: Database, record: StoredMinedNegatives): Promise<void> {
  await makingRoom(db, () => db.put('minedNegatives', record));
}

/** Returns stored negatives, or undefined if there are none or their bytes do not match their hash. */
export async function getMinedNegatives(db: Database, key: string): Promise<ChosenNegatives | undefined> {
  const stored = await getMinedRecord(db, key);
  if (!stored) return undefined;
  const { perAnchor, excluded, refilled, refilledRows, candidates } = stored;
  const scores = {
    positives: new Float32Array(stored.positives),
    negatives: new Float32Array(stored.negatives),
    ranks: new Uint16Array(stored.ranks),
    random: new Float32Array(stored.random),
    candidates,
  };
  return { perAnchor, chosen: new Int32Array(stored.chosen), excluded, refilled, refilledRows, scores };
}

/** Returns the bytes of stored negatives. */
export function minedBytes({ chosen, positives, negatives, ranks, random }: Arrays): number {
  return [chosen, positives, negatives, ranks, random].reduce((sum, array) => sum + array.byteLength, 0);
}
