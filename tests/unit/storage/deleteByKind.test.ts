import 'fake-indexeddb/auto';
import { afterEach, expect, it, vi } from 'vitest';
import type { Dataset } from '../../../src/domain/records';
import { noExclusions } from '../../../src/domain/negatives/chooseNegatives';
import type { Database } from '../../../src/storage/database';
import { deleteUnused } from '../../../src/storage/deleteUnused';
import { whilePinned } from '../../../src/storage/pins';
import type { UnusedKind } from '../../../src/domain/storage/storedItem';
import { freshDatabase, stubLocks } from './support';

afterEach(() => vi.unstubAllGlobals());

/** Stores one item of each kind under the same id, and one under another id. */
async function withItems(): Promise<Database> {
  const db = await freshDatabase();
  const empty = new ArrayBuffer(0);
  const mined = { chosen: empty, positives: empty, negatives: empty, ranks: empty, random: empty };
  const counts = { perAnchor: 1, candidates: 0, sha256: '', excluded: noExclusions(), refilled: 0, refilledRows: 0 };
  for (const id of ['a', 'b']) {
    const dataset: Dataset = {
      contentSha256: id,
      role: 'knowledgeBase',
      name: id,
      rows: 1,
      characters: 1,
      createdAt: 1,
    };
    await db.put('datasets', dataset);
    await db.put('datasetBlocks', { contentSha256: id, block: 0, rows: [], sha256: '' });
    await db.put('batchLists', { sha256: id, batches: [] });
    await db.put('tokenSets', { key: id, ids: empty, offsets: empty, truncated: 0 });
    await db.put('minedNegatives', { key: id, ...mined, ...counts });
    await db.put('vectorSets', { key: id, name: id, count: 0, width: 1, pieces: [], hashes: [], createdAt: 1 });
  }
  return db;
}
const stores = ['datasets', 'datasetBlocks', 'batchLists', 'tokenSets', 'minedNegatives', 'vectorSets'] as const;
const left = async (db: Database): Promise<string> =>
  (await Promise.all(stores.map(async (store) => `${await db.count(store)}`))).join(' ');

it.each<[UnusedKind, string]>([
  ['dataset', '1 1 2 2 2 2'],
  ['batchList', '2 2 1 2 2 2'],
  ['tokenSet', '2 2 2 1 2 2'],
  ['minedNegatives', '2 2 2 2 1 2'],
  ['vectorSet', '2 2 2 2 2 1'],
  ['model', '2 2 2 2 2 2'],
])('an unused item of the kind %s is deleted, and none of another kind with the same id', async (kind, expected) => {
  const db = await withItems();
  expect(await deleteUnused(db, kind, ['a'])).toBe(true);
  expect(await left(db)).toBe(expected);
});

it('two projects can be saved at the same time, and both keep weights from being deleted', async () => {
  stubLocks();
  expect(await whilePinned(() => whilePinned(() => Promise.resolve('saved')))).toBe('saved');
}, 2000);
