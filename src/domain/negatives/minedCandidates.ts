import { permutation, type RandomStream } from '../random';
import { hasMargin, type MinedNegatives } from '../train/negativesSchema';
import type { ExclusionCounts } from './chooseNegatives';

/** The passages that a search found for a question, best first from rank 1, and the score of its positive. */
export interface FoundForRow {
  top: readonly { passage: number; score: number }[];
  positiveScore: number;
}

/**
 * Returns which rule about scores excludes a found passage, or null if it is a candidate. Margins are measured from the
 * positive's score.
 */
export function scoreExclusion(
  score: number,
  positiveScore: number,
  settings: MinedNegatives,
): 'scoreWindow' | 'margin' | null {
  const { minScore = -1, maxScore = 1, relativeMargin = 0, absoluteMargin = 0 } = settings;
  // Rounding may push a cosine beyond ±1.
  const cosine = Math.min(1, Math.max(-1, score));
  if (cosine < minScore || cosine > maxScore) return 'scoreWindow';
  if (!hasMargin(settings)) return null;
  const bound = Math.min(positiveScore * (1 - relativeMargin), positiveScore - absoluteMargin);
  return score > bound ? 'margin' : null;
}

/**
 * Returns the passages found for a row that may be negatives by rank and score, in the order in which they are taken.
 * Counts the other passages of the rank range.
 */
export function minedCandidates(
  { top, positiveScore }: FoundForRow,
  settings: MinedNegatives,
  random: RandomStream,
  excluded: ExclusionCounts,
): number[] {
  const { firstRank, lastRank, pick } = settings;
  const kept: number[] = [];
  for (const { passage, score } of top.slice(firstRank - 1, lastRank)) {
    const reason = scoreExclusion(score, positiveScore, settings);
    if (reason) excluded[reason] += 1;
    else kept.push(passage);
  }
  if (pick === 'lowest') return kept.reverse();
  return pick === 'top' ? kept : Array.from(permutation(kept.length, random), (at) => kept[at] ?? 0);
}
