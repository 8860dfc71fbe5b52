import type { TokenSet } from '../domain/tokenize/tokenSets';
import type { Database } from './database';
import { makingRoom } from './deletedExperiments';

export async function putTokenSet(db: Database, set: TokenSet): Promise<void> {
  const { key, ids, offsets, truncated } = set;
  await makingRoom(db, () =>
    db.put('tokenSets', { key, truncated, ids: ids.slice().buffer, offsets: offsets.slice().buffer }),
  );
}

export async function getTokenSet(db: Database, key: string): Promise<TokenSet | undefined> {
  const stored = await db.get('tokenSets', key);
  if (!stored) return undefined;
  return {
    key,
    ids: new Int32Array(stored.ids),
    offsets: new Uint32Array(stored.offsets),
    truncated: stored.truncated,
  };
}

export async function hasTokenSet(db: Database, key: string): Promise<boolean> {
  return (await db.getKey('tokenSets', key)) !== undefined;
}
