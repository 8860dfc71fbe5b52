import { AppError } from '../../../src/domain/errors';
import { withLowestVersion, type Experiment } from '../../../src/domain/experiment';
import type { Database } from '../../../src/storage/database';
import { getExperiment } from '../../../src/storage/experiments';

/** Returns an experiment in its current state. Throws `not-found` if it is not stored. */
export async function storedExperiment(db: Database, experimentId: string): Promise<Experiment> {
  const stored = await getExperiment(db, experimentId);
  if (!stored) throw new AppError({ kind: 'not-found', what: 'experiment', id: experimentId });
  return withLowestVersion(stored.experiment);
}
