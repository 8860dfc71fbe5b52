import { candidateId } from '../../../src/domain/evaluate/candidate';
import { pairTable, type PairScores } from '../../../src/domain/evaluate/pairTable';
import type { ComparedPairs, PairTableRequest, PairTableResult } from '../../../src/protocol/pairsApi';
import { listPairScores } from '../../../src/storage/comparisons';
import type { Database } from '../../../src/storage/database';
import { isGone } from './candidates';
import { comparisonKey } from './compareModels';
import { pairSet, type PairSet } from './pairSet';

/** Returns the stored scores of the current pairs with the current weights. Skips those that miss or exceed a pair. */
async function currentScores(db: Database, experimentId: string, set: PairSet): Promise<PairScores[]> {
  const current: PairScores[] = [];
  for (const { candidate, key, scores } of await listPairScores(db, experimentId)) {
    const now = await comparisonKey(db, candidate, set).catch((thrown: unknown) => {
      if (isGone(thrown)) return null;
      throw thrown;
    });
    if (now === key && scores.length === set.pairs.length) current.push({ id: candidateId(candidate), scores });
  }
  return current;
}

/** Implements `PairsApi.comparedPairs`. */
export async function comparedPairs(db: Database, experimentId: string): Promise<ComparedPairs | null> {
  const set = await pairSet(db, experimentId);
  if (!set) return null;
  const { pairs, sha256: _, ...about } = set;
  const scored = await currentScores(db, experimentId, set);
  return { ...about, pairs: pairs.length, ids: scored.map(({ id }) => id) };
}

/** Implements `PairsApi.pairTable`. */
export async function tableOfPairs(
  db: Database,
  { experimentId, ids, baselineId }: PairTableRequest,
): Promise<PairTableResult> {
  const set = await pairSet(db, experimentId);
  const pairs = set?.pairs ?? [];
  const labels = pairs.map(({ score }) => score);
  const stored = set ? await currentScores(db, experimentId, set) : [];
  const scores = ids.flatMap((id) => stored.find((one) => one.id === id) ?? []);
  return {
    rows: pairTable(scores, labels, baselineId),
    pairs: { ids: pairs.map(({ id }) => id), labels },
    scores: scores.map((one) => ({ id: one.id, scores: [...one.scores] })),
  };
}
