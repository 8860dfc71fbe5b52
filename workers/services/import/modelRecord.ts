import type { StoredModel } from '../../../src/domain/model';
import type { UntrainedTensors } from '../../../src/domain/modelTensors';
import { sha256Stream } from '../../../src/domain/hash';
import { sameValue } from '../../../src/domain/project/sameValue';
import type { Database } from '../../../src/storage/database';
import { getModel, redirectModels, putModel } from '../../../src/storage/models';
import { unlessPinned } from '../../../src/storage/pins';
import { readWeights } from '../../../src/storage/weightReader';
import { deleteWeights, hasWeights } from '../../../src/storage/weights';

const bytesOf = ({ tensors }: UntrainedTensors): number => tensors.reduce((sum, { bytes }) => sum + bytes, 0);

/** Returns the pooler of a stored model, or null if it has none or parts of it are missing. */
async function storedUntrained(db: Database, model: StoredModel | undefined): Promise<UntrainedTensors | null> {
  if (!model?.untrained) return null;
  return (await hasWeights(db, model.untrained.weightsId, bytesOf(model.untrained))) ? model.untrained : null;
}

/** Whether two stored poolers have the same tensors and bytes. */
async function isSamePooler(db: Database, a: UntrainedTensors, b: UntrainedTensors): Promise<boolean> {
  const hash = ({ weightsId }: UntrainedTensors): Promise<string> => sha256Stream(readWeights(db, weightsId));
  return sameValue(a.tensors, b.tensors) && (await hash(a)) === (await hash(b));
}

/**
 * Stores the record of a model whose weights were just written. If the model is already stored, its record is updated
 * from this folder but keeps its earlier weights, because a run may be reading them. The new weights replace the
 * earlier ones only if parts of these are missing. A stored model also keeps its pooler if this folder has the same or
 * none. The record is written last, so a listed model is complete. While a project is being saved, replaced weights
 * stay for the next sweep.
 */
export async function storeRecord(db: Database, model: StoredModel, base: string): Promise<StoredModel> {
  const known = await getModel(db, model.contentSha256);
  const { weightsId, createdAt } = known ?? model;
  const keepsWeights = known !== undefined && (await hasWeights(db, weightsId, model.totalFloats * 4));
  // An alias shares the pooler of its model, so it must neither take it over nor delete it.
  const own = known?.aliasOf === undefined ? known : undefined;
  const storedPooler = await storedUntrained(db, own);
  const keepsPooler =
    storedPooler !== null && (!model.untrained || (await isSamePooler(db, storedPooler, model.untrained)));
  const untrained = keepsPooler ? storedPooler : model.untrained;
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
  // Nothing names these yet, so no save needs them.
  if (keepsWeights) await deleteWeights(db, model.weightsId);
  if (keepsPooler && model.untrained) await deleteWeights(db, model.untrained.weightsId);
  await unlessPinned(async (mayDelete) => {
    if (!mayDelete) return;
    if (known && !keepsWeights) await deleteWeights(db, known.weightsId);
    if (own?.untrained && !keepsPooler) await deleteWeights(db, own.untrained.weightsId);
  });
  return stored;
}
