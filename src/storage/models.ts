import type { StoredModel } from '../domain/model';
import { guard, withHandledEnd, type Database } from './database';

export async function putModel(db: Database, model: StoredModel): Promise<void> {
  await guard(() => db.put('models', model));
}

export function getModel(db: Database, contentSha256: string): Promise<StoredModel | undefined> {
  return db.get('models', contentSha256);
}

/** Lists every model once, leaving out records that repeat a model under its former identity. */
export async function listModels(db: Database): Promise<StoredModel[]> {
  return (await db.getAll('models')).filter(({ aliasOf }) => aliasOf === undefined);
}

/** Ids of the weights that a model's record names, including those of its pooler. */
export function weightsIdsOf({ weightsId, untrained }: StoredModel): string[] {
  return untrained ? [weightsId, untrained.weightsId] : [weightsId];
}

/** Makes all models with the weights `from` use the weights `to` instead. Both are weights ids. */
export async function redirectModels(db: Database, from: string, to: string): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction('models', 'readwrite'));
    for (const model of await transaction.store.getAll())
      if (model.weightsId === from) await transaction.store.put({ ...model, weightsId: to });
    await transaction.done;
  });
}
