import type { Stage } from './stageSchema';

/**
 * Returns the number of steps of a stage whose epochs use all pairs, with `perStep` pairs per step. All batches are
 * full: pairs left over from an epoch go into the first batch of the next one. If rows are left out of an epoch,
 * `planBatches` plans fewer steps.
 */
export function stepCount(pairs: number, perStep: number, duration: Stage['duration']): number {
  return duration.unit === 'steps' ? duration.value : fullBatches(duration.value * pairs, perStep);
}

/** Returns the number of full steps, but at least 1. */
export function fullBatches(rows: number, perStep: number): number {
  // 1e-9 absorbs rounding: 0.1 epochs of 320 pairs must be 2 batches of 16 even if 0.1 * 320 rounds below 32.
  return Math.max(1, Math.floor(rows / perStep + 1e-9));
}
