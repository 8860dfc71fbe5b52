import type { Experiment } from '../../../src/domain/experiment';
import type { StoredModel } from '../../../src/domain/model';
import { foldsCase } from '../../../src/domain/split/foldsCase';
import type { Database } from '../../../src/storage/database';
import { getModel } from '../../../src/storage/models';

/** Results by model. A tokenizer.json has up to 17 MB, and a stored model never changes, so each is parsed once. */
const known = new Map<string, boolean>();

/**
 * Returns the parsed file, or null if it is missing or not JSON. Tokenizing reports such a file; here it says nothing
 * about case.
 */
function jsonOrNull({ files }: StoredModel, path: string): unknown {
  try {
    return JSON.parse(files[path] ?? 'null');
  } catch {
    return null;
  }
}

/** Whether the tokenizer of the experiment's model folds case. False while no model is chosen or stored. */
export async function modelFoldsCase(db: Database, experiment: Pick<Experiment, 'model'>): Promise<boolean> {
  const contentSha256 = experiment.model?.contentSha256;
  if (contentSha256 === undefined) return false;
  const found = known.get(contentSha256);
  if (found !== undefined) return found;
  const model = await getModel(db, contentSha256);
  if (!model) return false;
  const folds = foldsCase(jsonOrNull(model, 'tokenizer.json'), jsonOrNull(model, 'tokenizer_config.json'));
  known.set(contentSha256, folds);
  return folds;
}
