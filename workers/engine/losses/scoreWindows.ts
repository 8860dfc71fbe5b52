/** A part of a batch's scores [B, C]: those of some neighbouring anchors and some neighbouring candidates. */
export interface ScoreWindow {
  firstRow: number;
  rows: number;
  firstColumn: number;
  columns: number;
}

/**
 * Numbers of the largest window, 32 MiB: up to 2,896 pairs have one window, and it is a quarter of what WebGPU's lowest limits let a kernel bind.
 * The same on every device, so that no result depends on a device's limits.
 */
export const mostScores = 2 ** 23;
/** A window's vectors begin where a binding may, at multiples of 256 bytes, whatever their length. */
const windowStep = 64;

/**
 * The windows by which a loss goes through its scores: all candidates of some anchors, and all anchors of some candidates. Where the scores
 * fit into one window, it is the only one of both lists.
 */
export function scoreWindows(
  anchors: number,
  candidates: number,
  most = mostScores,
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

/** Numbers that the largest window of a list holds. */
export function largestWindow(windows: readonly ScoreWindow[]): number {
  return windows.reduce((most, { rows, columns }) => Math.max(most, rows * columns), 0);
}

/** Lines of so many numbers that a window has room for. */
function linesOf(numbers: number, most: number): number {
  return Math.max(windowStep, windowStep * Math.floor(most / numbers / windowStep));
}

function cuts(length: number, step: number): [first: number, length: number][] {
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => [i * step, Math.min(step, length - i * step)]);
}
