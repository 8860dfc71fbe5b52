import { AppError } from '../../../src/domain/errors';
import { withLowestVersion, type Experiment } from '../../../src/domain/experiment';
import { sweepPoints } from '../../../src/domain/sweep/sweep';
import type { PlaceInSweep } from '../../../src/protocol/gpuApi';
import type { Database } from '../../../src/storage/database';
import { getExperiment } from '../../../src/storage/experiments';

/**
 * Returns an experiment in its current state, or with the settings of a run of one of its sweeps. Throws `not-found` if
 * it is not stored.
 */
export async function storedExperiment(
  db: Database,
  experimentId: string,
  place?: PlaceInSweep | null,
): Promise<Experiment> {
  const stored = await getExperiment(db, experimentId);
  if (!stored) throw new AppError({ kind: 'not-found', what: 'experiment', id: experimentId });
  if (!place) return withLowestVersion(stored.experiment);
  const sweep = stored.sweeps?.find(({ sweepId }) => sweepId === place.sweepId);
  const point = sweep && sweepPoints(sweep.experiment, sweep.axes)[place.run];
  if (!point) throw new AppError({ kind: 'not-found', what: 'experiment', id: place.sweepId });
  return point.experiment;
}
