/** A rectangle of a batch's scores [B, C]: consecutive anchors by consecutive candidates. */
export interface ScoreWindow {
  firstRow: number;
  rows: number;
  firstColumn: number;
  columns: number;
}

/**
 * Maximum number of scores per window. They take 32 MiB, a quarter of the binding size that WebGPU guarantees. 2,896
 * anchors by 2,896 candidates still fit in one window. The maximum is the same on all devices, so that no result
 * depends on a device's limits.
 */
const maxScoresPerWindow = 2 ** 23;
/** Windows start at multiples of 64 vectors, which keeps bindings aligned to 256 bytes for vectors of any length. */
const windowStep = 64;

/**
 * Splits a batch's scores into windows. Each window in `byRow` spans all candidates of some anchors; each window in
 * `byColumn` spans all anchors of some candidates. If all scores fit in one window, both lists hold that same window.
 */
export function scoreWindows(
  anchors: number,
  candidates: number,
  maxScores = maxScoresPerWindow,
): { byRow: ScoreWindow[]; byColumn: ScoreWindow[] } {
  const whole = { firstRow: 0, rows: anchors, firstColumn: 0, columns: candidates };
  if (anchors * candidates <= maxScores) return { byRow: [whole], byColumn: [whole] };
  return {
    byRow: cuts(anchors, linesOf(candidates, maxScores)).map(([firstRow, rows]) => ({ ...whole, firstRow, rows })),
    byColumn: cuts(candidates, linesOf(anchors, maxScores)).map(([firstColumn, columns]) => ({
      ...whole,
      firstColumn,
      columns,
    })),
  };
}

/** Returns the number of scores in the largest window. */
export function largestWindowScores(windows: readonly ScoreWindow[]): number {
  return windows.reduce((max, { rows, columns }) => Math.max(max, rows * columns), 0);
}

/**
 * Returns the number of rows or columns per window, each with `numbers` scores: as many as `maxScores` allows, rounded
 * down to a multiple of `windowStep`, but at least `windowStep`.
 */
function linesOf(numbers: number, maxScores: number): number {
  return Math.max(windowStep, windowStep * Math.floor(maxScores / numbers / windowStep));
}

function cuts(length: number, step: number): [first: number, length: number][] {
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => [i * step, Math.min(step, length - i * step)]);
}
