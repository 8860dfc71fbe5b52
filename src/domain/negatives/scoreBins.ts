/** Counts of scores in bins of equal width, on one axis for all lists. */
export interface ScoreBins {
  /** Score at which the first bin begins. */
  low: number;
  binWidth: number;
  /** Counts per bin, for each list. */
  lists: number[][];
}

const binWidth = 0.025;

/** Returns the range of all scores, widened to whole bins. Leaves out scores that are not numbers. */
export function scoreBins(lists: readonly Float32Array[]): ScoreBins {
  let [least, most] = [Infinity, -Infinity];
  for (const scores of lists)
    for (const score of scores) {
      if (Number.isNaN(score)) continue;
      least = Math.min(least, score);
      most = Math.max(most, score);
    }
  if (least > most) return { low: 0, binWidth, lists: lists.map(() => []) };
  const first = Math.floor(least / binWidth);
  const count = Math.floor(most / binWidth) - first + 1;
  const counted = lists.map((scores) => {
    const bins = Array.from({ length: count }, () => 0);
    for (const score of scores) {
      const bin = Math.floor(score / binWidth) - first;
      if (!Number.isNaN(score)) bins[bin] = (bins[bin] ?? 0) + 1;
    }
    return bins;
  });
  return { low: first * binWidth, binWidth, lists: counted };
}
