import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../../src/storage/database';
import { getVectorSet, putVectorSet, vectorBytes } from '../../../src/storage/vectorSets';

const hour = 3_600_000;
const set = (key: string, createdAt: number, count = 10) => ({
  ...{ key, name: 'm', count, width: 25, pieces: [new Blob([key])], hashes: [''], createdAt },
});
/** Sets of 1,000 bytes each, of which three fit. */
const limit = 3 * vectorBytes(set('', 0));
const fresh = (): Promise<Database> => openDatabase(`vectors-${crypto.randomUUID()}`);
const keys = (db: Database) => db.getAllKeys('vectorSets');

describe('stored vectors', () => {
  it('never take more than the limit: the least recently used sets are deleted', async () => {
    const db = await fresh();
    for (const [i, key] of ['a', 'b', 'c'].entries()) await putVectorSet(db, set(key, i), limit);
    expect((await getVectorSet(db, 'a', 2 * hour))?.key).toBe('a');
    expect(await putVectorSet(db, set('d', 3 * hour), limit)).toBe(true);
    expect(await keys(db)).toEqual(['a', 'c', 'd']);
    await putVectorSet(db, set('e', 4 * hour, 20), limit);
    expect(await keys(db)).toEqual(['d', 'e']);
  });

  it('replace those under the same key without deleting others', async () => {
    const db = await fresh();
    for (const [i, key] of ['a', 'b', 'c', 'c'].entries()) await putVectorSet(db, set(key, i), limit);
    expect(await keys(db)).toEqual(['a', 'b', 'c']);
  });

  it('are not kept if they alone exceed the limit, and then delete nothing', async () => {
    const db = await fresh();
    await putVectorSet(db, set('a', 1), limit);
    expect(await putVectorSet(db, set('large', 2, 31), limit)).toBe(false);
    expect(await keys(db)).toEqual(['a']);
  });

  it('are rewritten with a new time of use at most once an hour', async () => {
    const db = await fresh();
    await putVectorSet(db, set('a', 0), limit);
    await getVectorSet(db, 'a', hour);
    expect((await db.get('vectorSets', 'a'))?.usedAt).toBeUndefined();
    await getVectorSet(db, 'a', hour + 1);
    const stored = await db.get('vectorSets', 'a');
    expect(stored?.usedAt).toBe(hour + 1);
    expect(await stored?.pieces[0]?.text()).toBe('a');
    expect(await getVectorSet(db, 'gone', hour)).toBeUndefined();
  });
});
