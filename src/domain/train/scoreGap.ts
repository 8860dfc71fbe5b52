import type { StepReport } from '../run';

/** Maximum number of steps in each mean. */
const steps = 10;

/**
 * Returns the gap between the scores of positives and negatives: the mean over the newest steps, and over as many steps
 * at the start. `start` is null until there are two steps, and the result is null if the loss reports no scores.
 */
export function scoreGap(reports: readonly StepReport[]): { now: number; start: number | null } | null {
  const gaps = reports.flatMap(({ positiveScore, negativeScore }) =>
    positiveScore === undefined || negativeScore === undefined ? [] : [positiveScore - negativeScore],
  );
  if (gaps.length === 0) return null;
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  // Overlapping means would compare some steps with themselves.
  const count = Math.min(steps, Math.floor(gaps.length / 2));
  if (count === 0) return { now: mean(gaps), start: null };
  return { now: mean(gaps.slice(-count)), start: mean(gaps.slice(0, count)) };
}
