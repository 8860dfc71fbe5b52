import type { StoredModel } from '../domain/model';
import { guard, type Database } from './database';
import { weightPartsOf } from './weights';

export async function putModel(db: Database, model: StoredModel): Promise<void> {
  await guard(() => db.put('models', model));
}

export function getModel(db: Database, contentSha256: string): Promise<StoredModel | undefined> {
  return db.get('models', contentSha256);
}

export function listModels(db: Database): Promise<StoredModel[]> {
  return db.getAll('models');
}

export async function deleteModel(db: Database, contentSha256: string): Promise<void> {
  await guard(async () => {
    const transaction = db.transaction(['models', 'weightParts'], 'readwrite');
    const model = await transaction.objectStore('models').get(contentSha256);
    if (model) await transaction.objectStore('weightParts').delete(weightPartsOf(model.weightsId));
    await transaction.objectStore('models').delete(contentSha256);
    await transaction.done;
  });
}
