import type { StoredModel } from '../domain/model';
import { guard, type Database } from './database';

export async function putModel(db: Database, model: StoredModel): Promise<void> {
  await guard(() => db.put('models', model));
}

export function getModel(db: Database, contentSha256: string): Promise<StoredModel | undefined> {
  return db.get('models', contentSha256);
}

export function listModels(db: Database): Promise<StoredModel[]> {
  return db.getAll('models');
}
