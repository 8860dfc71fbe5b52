/** Number of checkpoints kept per role. There are two of `latest`, in case the newer one is damaged. */
export const keptCheckpoints = { latest: 2, best: 1 } as const;

/**
 * Returns the maximum bytes of a run's checkpoints: those that are kept, plus one that is being written. `momentFloats`
 * is the most floats that a stage has in each moment.
 */
export function checkpointBytesOfRun(totalFloats: number, hasBest: boolean, momentFloats = totalFloats): number {
  const weights = totalFloats * 4;
  // A `latest` checkpoint has two moments per trained weight.
  const latest = (keptCheckpoints.latest + 1) * (weights + momentFloats * 8);
  return latest + (hasBest ? (keptCheckpoints.best + 1) * weights : 0);
}
