import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { HubListing } from '../../../src/domain/import/hub';
import type { Database } from '../../../src/storage/database';
import {
  appendDownloadPart,
  clearDownloadFile,
  deleteDownload,
  listDownloads,
  openDownload,
  readDownloadParts,
} from '../../../src/storage/downloads';
import { freshDatabase } from './support';

const listing = (id: string): HubListing => ({
  host: { protocol: 'huggingface', baseUrl: 'https://hub.example/' },
  id,
  revision: '',
  commit: 'c',
  files: [],
});

const append = (db: Database, downloadId: string, path: string, text: string) =>
  appendDownloadPart(db, downloadId, path, new Blob([text]));

async function textOf(db: Database, downloadId: string, path: string): Promise<string> {
  return new Blob(await readDownloadParts(db, downloadId, path)).text();
}

/** Stores two downloads. Of the first, two files have arrived in part. */
async function filled() {
  const db = await freshDatabase();
  const { downloadId: first } = await openDownload(db, listing('one'));
  const { downloadId: second } = await openDownload(db, listing('two'));
  await append(db, first, 'a.json', 'ab');
  await append(db, first, 'a.json', 'cde');
  await append(db, first, 'b.json', 'f');
  await append(db, second, 'a.json', 'gh');
  return { db, first, second };
}

describe('a stored download', () => {
  it('holds the bytes of each file in order, and counts them', async () => {
    const { db, first, second } = await filled();
    expect([await textOf(db, first, 'a.json'), await textOf(db, first, 'b.json')]).toEqual(['abcde', 'f']);
    expect(await textOf(db, second, 'a.json')).toBe('gh');
    const { received } = await openDownload(db, listing('one'));
    expect(received).toEqual({ 'a.json': { parts: 2, bytes: 5 }, 'b.json': { parts: 1, bytes: 1 } });
  });

  it('has its received bytes and its start time when it is opened again', async () => {
    const { db, first } = await filled();
    const known = await db.get('downloads', first);
    await db.put('downloads', { ...known!, createdAt: 7 });
    expect(await openDownload(db, listing('one'))).toEqual({ ...known, createdAt: 7 });
    expect(await db.count('downloads')).toBe(2);
  });

  it('is listed before those that began earlier', async () => {
    const { db, first, second } = await filled();
    for (const [id, createdAt] of [
      [first, 1],
      [second, 2],
    ] as const)
      await db.put('downloads', { ...(await db.get('downloads', id))!, createdAt });
    expect((await listDownloads(db)).map(({ downloadId }) => downloadId)).toEqual([second, first]);
  });

  it('loses only the file that is cleared', async () => {
    const { db, first, second } = await filled();
    await clearDownloadFile(db, first, 'a.json');
    expect(await readDownloadParts(db, first, 'a.json')).toEqual([]);
    expect((await db.get('downloads', first))?.received).toEqual({ 'b.json': { parts: 1, bytes: 1 } });
    expect([await textOf(db, first, 'b.json'), await textOf(db, second, 'a.json')]).toEqual(['f', 'gh']);
    await append(db, first, 'a.json', 'x');
    expect(await textOf(db, first, 'a.json')).toBe('x');
  });

  it('is deleted with all its bytes, and without those of another', async () => {
    const { db, first, second } = await filled();
    await deleteDownload(db, first);
    expect(await db.getAllKeys('downloads')).toEqual([second]);
    expect(await db.getAllKeys('downloadParts')).toEqual([[second, 'a.json', 0]]);
  });

  it('takes no more bytes once it is deleted', async () => {
    const { db, first } = await filled();
    await deleteDownload(db, first);
    await clearDownloadFile(db, first, 'a.json');
    await expect(append(db, first, 'a.json', 'late')).rejects.toMatchObject({
      details: { kind: 'storage-failed', reason: { code: 'download-deleted' } },
    });
    expect(await db.count('downloads')).toBe(1);
    expect(await db.count('downloadParts')).toBe(1);
  });
});
