/** A rectangle of a batch's scores [B, C]: consecutive anchors by consecutive candidates. */
export interface ScoreWindow {
  firstRow: number;
  rows: number;
  firstColumn: number;
  columns: number;
}

/**
 * Maximum scores per window: 32 MiB, a quarter of the binding size that WebGPU guarantees. 2,896 anchors and as many
 * candidates still fit in one window. The same on all devices, so that no result depends on a device's limits.
 */
export const maxScoresPerWindow = 2 ** 23;
/** Windows start at multiples of 64 vectors, which keeps bindings aligned to 256 bytes for vectors of any length. */
const windowStep = 64;

/**
 * Splits a batch's scores into windows: each window in `byRow` spans all candidates of some anchors, each window in
 * `byColumn` all anchors of some candidates. If all scores fit in one window, both lists hold that same window.
 */
export function scoreWindows(
  anchors: number,
  candidates: number,
  most = maxScoresPerWindow,
): { byRow: ScoreWindow[]; byColumn: ScoreWindow[] } {
  const whole = { firstRow: 0, rows: anchors, firstColumn: 0, columns: candidates };
  if (anchors * candidates <= most) return { byRow: [whole], byColumn: [whole] };
  return {
    byRow: cuts(anchors, linesOf(candidates, most)).map(([firstRow, rows]) => ({ ...whole, firstRow, rows })),
    byColumn: cuts(candidates, linesOf(anchors, most)).map(([firstColumn, columns]) => ({
      ...whole,
      firstColumn,
      columns,
    })),
  };
}

/** Returns the number of scores in the largest window. */
export function largestWindowScores(windows: readonly ScoreWindow[]): number {
  return windows.reduce((most, { rows, columns }) => Math.max(most, rows * columns), 0);
}

/**
 * Returns how many lines of `numbers` scores each fit in `most` scores: a multiple of `windowStep`, and at least one
 * step.
 */
function linesOf(numbers: number, most: number): number {
  return Math.max(windowStep, windowStep * Math.floor(most / numbers / windowStep));
}

function cuts(length: number, step: number): [first: number, length: number][] {
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => [i * step, Math.min(step, length - i * step)]);
}
