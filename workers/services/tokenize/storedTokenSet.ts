import { AppError } from '../../../src/domain/errors';
import type { TokenSet } from '../../../src/domain/tokenize/tokenSets';
import type { Database } from '../../../src/storage/database';
import { getTokenSet } from '../../../src/storage/tokenSets';

export async function storedTokenSet(db: Database, key: string): Promise<TokenSet> {
  const set = await getTokenSet(db, key);
  if (!set) throw new AppError({ kind: 'not-found', what: 'tokens', id: key });
  return set;
}
