import { AppError } from '../../../src/domain/errors';
import type { Experiment, ExperimentModel } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import { withPrefixRows } from '../../../src/domain/train/prefix';
import type { Database } from '../../../src/storage/database';
import { getModel } from '../../../src/storage/models';

/**
 * Returns the settings and the model of an experiment. The model has space for the embeddings of the prefix that the
 * experiment trains; the stored base model lacks them.
 */
export async function modelOfExperiment(
  db: Database,
  experiment: Pick<Experiment, 'model'> & Partial<Pick<Experiment, 'stages'>>,
): Promise<{ model: StoredModel; settings: ExperimentModel }> {
  if (!experiment.model) throw new AppError({ kind: 'model-missing' });
  const model = await getModel(db, experiment.model.contentSha256);
  if (!model) throw new AppError({ kind: 'model-missing', contentSha256: experiment.model.contentSha256 });
  return { model: withPrefixRows(model, experiment.stages ?? []), settings: experiment.model };
}
