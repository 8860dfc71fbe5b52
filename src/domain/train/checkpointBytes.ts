/** Number of checkpoints kept per role. There are two of `latest`, in case the newer one is damaged. */
export const keptCheckpoints = { latest: 2, best: 1 } as const;

/**
 * Returns the maximum bytes of a run's checkpoints: those that are kept, plus one being written. `optimizerFloats` is
 * the most floats that a `latest` checkpoint has in addition to the weights.
 */
export function checkpointBytesOfRun(totalFloats: number, hasBest: boolean, optimizerFloats = 2 * totalFloats): number {
  const weights = totalFloats * 4;
  const latest = (keptCheckpoints.latest + 1) * (weights + optimizerFloats * 4);
  return latest + (hasBest ? (keptCheckpoints.best + 1) * weights : 0);
}
