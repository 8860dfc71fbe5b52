import { passageLookup, type PassageLookup } from '../../../src/domain/split/passageLookup';
import type { Database } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';

/** Returns the lookup that pairs and questions use to find the passages of a stored knowledge base. */
export async function storedPassages(db: Database, knowledgeBase: string): Promise<PassageLookup> {
  return passageLookup(await readRows(db, 'knowledgeBase', knowledgeBase));
}
