import { toAppError } from '../domain/errors';
import type { Database } from './database';
import { makingRoom } from './deletedExperiments';
import { requireStorage } from './space';
import type { StoredVectorSet } from './schema';

/** Stores vectors. Returns false if the disk has no room for them: they can be computed again. */
export async function putVectorSet(db: Database, set: StoredVectorSet): Promise<boolean> {
  try {
    await requireStorage(vectorBytes(set));
    await makingRoom(db, () => db.put('vectorSets', set));
    return true;
  } catch (thrown) {
    if (toAppError(thrown).details.kind === 'quota-exceeded') return false;
    throw thrown;
  }
}

export function getVectorSet(db: Database, key: string): Promise<StoredVectorSet | undefined> {
  return db.get('vectorSets', key);
}

export function vectorBytes({ count, width }: Pick<StoredVectorSet, 'count' | 'width'>): number {
  return count * width * 4;
}
