/**
 * The interval between checkpoints is this many times the duration of the last write, so at most 5% of a run is spent
 * on checkpoints. The floor keeps small models from writing all the time.
 */
const writeTimeFactor = 20;
const minIntervalMs = 15_000;

/** Returns the milliseconds from the end of one write to the beginning of the next. */
export function checkpointIntervalMs(writeMs: number): number {
  return Math.max(minIntervalMs, writeTimeFactor * writeMs);
}
