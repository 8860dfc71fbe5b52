import { AppError } from '../errors';
import { RandomStream } from '../random';
import {
  drawn,
  noExclusions,
  RowNegatives,
  type ChosenNegatives,
  type MinedScores,
  type NegativesRequest,
} from './chooseNegatives';

/**
 * Replaces mined negatives that the user has dropped since then with random passages. Mining again would take minutes.
 * Equal input and seed give equal negatives.
 * @throws too-few-negatives if the pool has too few texts for a pair.
 */
export function withoutDropped(
  mined: ChosenNegatives,
  request: Omit<NegativesRequest, 'perAnchor' | 'own'>,
): ChosenNegatives {
  const { pairs, pool, answers } = request;
  const { perAnchor } = mined;
  const chosen = mined.chosen.slice();
  const scores = mined.scores && copied(mined.scores);
  const excluded = { ...mined.excluded };
  let { refilled, refilledRows } = mined;
  for (const row of pairs.keys()) {
    const places = Array.from({ length: perAnchor }, (_, i) => row * perAnchor + i);
    const kept = places.filter((at) => !answers.isDropped(row, pool[mined.chosen[at] ?? 0] ?? ''));
    const missing = perAnchor - kept.length;
    if (missing === 0) continue;
    const indexes = kept.map((at) => mined.chosen[at] ?? 0);
    chosen.set(refilledRow(row, indexes, { ...request, perAnchor }), row * perAnchor);
    if (scores && mined.scores) moveScores(mined.scores, scores, kept, places);
    const wasRefilled = mined.scores && places.some((at) => mined.scores?.ranks[at] === 0);
    if (!wasRefilled) refilledRows += 1;
    excluded.judged += missing;
    refilled += missing;
  }
  return { ...mined, chosen, excluded, refilled, refilledRows, ...(scores ? { scores } : {}) };
}

/** Completes the negatives of a row with random passages. */
function refilledRow(row: number, kept: readonly number[], request: NegativesRequest): number[] {
  const { pairs, pool, perAnchor, seed, stageIndex } = request;
  const negatives = new RowNegatives(row, request, noExclusions());
  negatives.take(kept);
  negatives.take(drawn(pool.length, new RandomStream(seed, 'negatives', stageIndex, row)));
  const found = negatives.indexes.length;
  if (found < perAnchor)
    throw new AppError({ kind: 'too-few-negatives', question: pairs[row]?.anchor ?? '', found, perAnchor });
  return negatives.indexes;
}

function copied(scores: MinedScores): MinedScores {
  return { ...scores, ranks: scores.ranks.slice(), negatives: scores.negatives.slice() };
}

/** Moves ranks and scores of kept negatives to their new places. Random passages have neither. */
function moveScores(from: MinedScores, to: MinedScores, kept: readonly number[], places: readonly number[]): void {
  for (const [i, place] of places.entries()) {
    const at = kept[i];
    to.ranks[place] = at === undefined ? 0 : (from.ranks[at] ?? 0);
    to.negatives[place] = at === undefined ? NaN : (from.negatives[at] ?? NaN);
  }
}
