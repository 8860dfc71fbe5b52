import type { ChosenNegatives } from './chooseNegatives';

/** Mined negatives, and how many of them score above the positive of their question. */
export interface AbovePositive {
  above: number;
  of: number;
}

/** Counts mined negatives that score above the positive. Leaves out those that were drawn at random. */
export function abovePositive({ perAnchor, scores }: ChosenNegatives): AbovePositive | null {
  if (!scores) return null;
  const { positives, negatives, ranks } = scores;
  let [above, of] = [0, 0];
  for (const [at, rank] of ranks.entries()) {
    if (rank === 0) continue;
    of += 1;
    if ((negatives[at] ?? NaN) > (positives[Math.floor(at / perAnchor)] ?? NaN)) above += 1;
  }
  return { above, of };
}
