/**
 * The interval between checkpoints is this many times the duration of the last write, so steps wait for checkpoints for
 * at most 5% of a run. A lower limit keeps small models from writing all the time.
 */
const writeTimeFactor = 20;
const shortestIntervalMs = 15_000;
/** Maximum interval for slow writes that steps don't wait for. It limits the work lost if the page is killed. */
const longestWriteIntervalMs = 300_000;

/**
 * Returns the milliseconds from the end of one write to the beginning of the next. Steps waited for `waitedMs` of the
 * `writeMs` that the last write took.
 */
export function checkpointIntervalMs(writeMs: number, waitedMs = writeMs): number {
  const forWrite = Math.min(writeTimeFactor * writeMs, longestWriteIntervalMs);
  return Math.max(shortestIntervalMs, writeTimeFactor * waitedMs, forWrite);
}
