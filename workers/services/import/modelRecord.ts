import type { StoredModel } from '../../../src/domain/model';
import type { UntrainedTensors } from '../../../src/domain/modelTensors';
import type { Database } from '../../../src/storage/database';
import { getModel, redirectModels, putModel } from '../../../src/storage/models';
import { deleteWeights, hasWeights } from '../../../src/storage/weights';

/** Returns the pooler of a stored model, or null if it has none or parts of it are missing. */
async function storedUntrained(db: Database, model: StoredModel | undefined): Promise<UntrainedTensors | null> {
  if (!model?.untrained) return null;
  const { weightsId, tensors } = model.untrained;
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  return (await hasWeights(db, weightsId, bytes)) ? model.untrained : null;
}

/**
 * Stores the record of a model whose weights were just written. If the model is already stored, its record is updated
 * from this folder but keeps its earlier weights, because a run may be reading them. The new weights replace the
 * earlier ones only if parts of these are missing. A stored model also keeps its pooler if this folder has none. The
 * record is written last, so a listed model is complete.
 */
export async function storeRecord(db: Database, model: StoredModel, base: string): Promise<StoredModel> {
  const known = await getModel(db, model.contentSha256);
  const { weightsId, createdAt } = known ?? model;
  const keepsWeights = known !== undefined && (await hasWeights(db, weightsId, model.totalFloats * 4));
  // An alias shares the pooler of its model, so it must neither take it over nor delete it.
  const own = known?.aliasOf === undefined ? known : undefined;
  const untrained = model.untrained ?? (await storedUntrained(db, own));
  // A folder with the same content does not change where the model can be fetched from.
  const hub = model.hub ?? own?.hub;
  const stored = {
    ...model,
    createdAt,
    untrained,
    ...(keepsWeights ? { weightsId } : {}),
    ...(hub ? { hub } : {}),
  };
  await putModel(db, stored);
  if (known && !keepsWeights) await redirectModels(db, known.weightsId, model.weightsId);
  // Experiments that earlier versions shared look for the model under `base`.
  const former = base === stored.contentSha256 ? stored : await getModel(db, base);
  if (!former || former.aliasOf === stored.contentSha256)
    await putModel(db, { ...stored, contentSha256: base, aliasOf: stored.contentSha256 });
  if (known) await deleteWeights(db, keepsWeights ? model.weightsId : known.weightsId);
  if (own?.untrained && own.untrained !== untrained) await deleteWeights(db, own.untrained.weightsId);
  return stored;
}
