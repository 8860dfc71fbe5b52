import type { StepReport } from '../run';

/** Maximum number of steps that each mean is over. */
const steps = 10;

/**
 * Returns how far apart the scores of positives and negatives are: the mean over the newest steps, and over as many
 * steps at the start. `start` is null until there are two steps, and the result is null if the loss reports no scores.
 */
export function scoreGap(reports: readonly StepReport[]): { now: number; start: number | null } | null {
  const gaps = reports.flatMap(({ positiveScore, negativeScore }) =>
    positiveScore === undefined || negativeScore === undefined ? [] : [positiveScore - negativeScore],
  );
  if (gaps.length === 0) return null;
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  // Overlapping means would compare steps with themselves.
  const count = Math.min(steps, Math.floor(gaps.length / 2));
  if (count === 0) return { now: mean(gaps), start: null };
  return { now: mean(gaps.slice(-count)), start: mean(gaps.slice(0, count)) };
}
