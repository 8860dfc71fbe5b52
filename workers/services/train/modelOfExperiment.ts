import { AppError } from '../../../src/domain/errors';
import type { Experiment, ExperimentModel } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import type { Database } from '../../../src/storage/database';
import { getModel } from '../../../src/storage/models';

export async function modelOfExperiment(
  db: Database,
  experiment: Pick<Experiment, 'model'>,
): Promise<{ model: StoredModel; settings: ExperimentModel }> {
  if (!experiment.model) throw new AppError({ kind: 'model-missing' });
  const model = await getModel(db, experiment.model.contentSha256);
  if (!model) throw new AppError({ kind: 'model-missing', contentSha256: experiment.model.contentSha256 });
  return { model, settings: experiment.model };
}
