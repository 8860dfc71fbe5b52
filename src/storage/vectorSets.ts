import { toAppError } from '../domain/errors';
import { withHandledEnd, type Database } from './database';
import { makingRoom } from './deletedExperiments';
import { requireStorage } from './space';
import type { StoredVectorSet } from './schema';

/**
 * Maximum bytes of stored vectors. Beyond it, the least recently used sets are deleted. Two knowledge bases of a
 * million passages fit at 384 dimensions.
 */
export const vectorSetsLimitBytes = 4e9;

/** Only one use within this time is recorded, because recording it rewrites the vectors too. */
const usedWithinMs = 3_600_000;

type Sized = Pick<StoredVectorSet, 'key' | 'count' | 'width' | 'createdAt' | 'usedAt'>;

/**
 * Stores vectors. If there are then more than `limit` bytes, deletes the least recently used sets. Returns false if the
 * disk has no room for the vectors or they alone exceed the limit; they can be computed again.
 */
export async function putVectorSet(
  db: Database,
  set: StoredVectorSet,
  limit: number = vectorSetsLimitBytes,
): Promise<boolean> {
  const bytes = vectorBytes(set);
  if (bytes > limit) return false;
  try {
    await requireStorage(bytes);
    await makingRoom(db, async () => {
      const transaction = withHandledEnd(db.transaction('vectorSets', 'readwrite'));
      const others: Sized[] = [];
      for (let cursor = await transaction.store.openCursor(); cursor; cursor = await cursor.continue()) {
        const { key, count, width, createdAt, usedAt } = cursor.value;
        if (key !== set.key) others.push({ key, count, width, createdAt, ...(usedAt === undefined ? {} : { usedAt }) });
      }
      for (const key of keysToDelete(others, limit - bytes)) await transaction.store.delete(key);
      await transaction.store.put(set);
      await transaction.done;
    });
    return true;
  } catch (thrown) {
    if (toAppError(thrown).details.kind === 'quota-exceeded') return false;
    throw thrown;
  }
}

/** Returns the keys of the sets to delete so that the rest take at most `limit` bytes. */
function keysToDelete(sets: readonly Sized[], limit: number): string[] {
  const lastUse = ({ usedAt, createdAt }: Sized): number => usedAt ?? createdAt;
  const newestFirst = [...sets].sort((a, b) => lastUse(b) - lastUse(a));
  let bytes = 0;
  return newestFirst.flatMap((set) => ((bytes += vectorBytes(set)) > limit ? [set.key] : []));
}

/** Returns stored vectors and records that they were used. */
export async function getVectorSet(
  db: Database,
  key: string,
  now: number = Date.now(),
): Promise<StoredVectorSet | undefined> {
  const set = await db.get('vectorSets', key);
  if (set && now - (set.usedAt ?? set.createdAt) > usedWithinMs) await markUsed(db, key, now);
  return set;
}

/** Reads the set again, because it may have been deleted meanwhile. If the disk is full, the use is not recorded. */
async function markUsed(db: Database, key: string, usedAt: number): Promise<void> {
  try {
    const transaction = withHandledEnd(db.transaction('vectorSets', 'readwrite'));
    const set = await transaction.store.get(key);
    if (set) await transaction.store.put({ ...set, usedAt });
    await transaction.done;
  } catch (thrown) {
    if (toAppError(thrown).details.kind !== 'quota-exceeded') throw thrown;
  }
}

export function vectorBytes({ count, width }: Pick<StoredVectorSet, 'count' | 'width'>): number {
  return count * width * 4;
}
