import type { HubFile, HubListing } from '../domain/import/hub';
import { downloadIdOf } from '../domain/import/hub';
import { AppError } from '../domain/errors';
import { own } from '../domain/errorWords';
import { guard, withHandledEnd, type Database } from './database';
import { makingRoom } from './deletedExperiments';
import type { StoredDownload } from './schema';

function partsOf(downloadId: string, path?: string): IDBKeyRange {
  return path === undefined
    ? IDBKeyRange.bound([downloadId, '', 0], [downloadId, '\uffff', Infinity])
    : IDBKeyRange.bound([downloadId, path, 0], [downloadId, path, Infinity]);
}

/** Returns the paths of files whose size or hash differs between two listings, or that only `before` has. */
function changedPaths(before: HubListing, now: HubListing): string[] {
  const listed = new Map(now.files.map((file) => [file.path, file]));
  const same = ({ path, bytes, hash }: HubFile): boolean => {
    const file = listed.get(path);
    return file?.bytes === bytes && file.hash.kind === hash.kind && file.hash.hex === hash.hex;
  };
  return before.files.filter((file) => !same(file)).map(({ path }) => path);
}

/**
 * Returns the stored download of this listing, or stores a new one. A host may change files without a new commit. Then
 * the bytes that have arrived belong to another version, and are deleted.
 */
export async function openDownload(db: Database, listing: HubListing): Promise<StoredDownload> {
  return guard(async () => {
    const downloadId = downloadIdOf(listing);
    const transaction = withHandledEnd(db.transaction(['downloads', 'downloadParts'], 'readwrite'));
    const known = await transaction.objectStore('downloads').get(downloadId);
    const changed = known ? changedPaths(known.listing, listing) : [];
    for (const path of changed) await transaction.objectStore('downloadParts').delete(partsOf(downloadId, path));
    const kept = Object.entries(known?.received ?? {}).filter(([path]) => !changed.includes(path));
    const createdAt = known?.createdAt ?? Date.now();
    const download = { downloadId, listing, received: Object.fromEntries(kept), createdAt };
    await transaction.objectStore('downloads').put(download);
    await transaction.done;
    return download;
  });
}

/** Lists the downloads that have not become models yet, newest first. */
export async function listDownloads(db: Database): Promise<StoredDownload[]> {
  return (await db.getAll('downloads')).sort((a, b) => b.createdAt - a.createdAt);
}

/** Appends bytes to a file. The count in the download's record always matches the stored parts. */
export async function appendDownloadPart(db: Database, downloadId: string, path: string, bytes: Blob): Promise<void> {
  await makingRoom(db, async () => {
    const transaction = withHandledEnd(db.transaction(['downloads', 'downloadParts'], 'readwrite'));
    const downloads = transaction.objectStore('downloads');
    const download = await downloads.get(downloadId);
    if (!download) {
      transaction.abort();
      await transaction.done.catch(() => undefined);
      throw new AppError({ kind: 'storage-failed', reason: own('download-deleted') });
    }
    const { parts, bytes: before } = download.received[path] ?? { parts: 0, bytes: 0 };
    const received = { ...download.received, [path]: { parts: parts + 1, bytes: before + bytes.size } };
    await transaction.objectStore('downloadParts').put({ downloadId, path, part: parts, bytes });
    await downloads.put({ ...download, received });
    await transaction.done;
  });
}

/** Returns the stored bytes of a file in order, without reading them into memory. */
export async function readDownloadParts(db: Database, downloadId: string, path: string): Promise<Blob[]> {
  return guard(async () => (await db.getAll('downloadParts', partsOf(downloadId, path))).map(({ bytes }) => bytes));
}

/** Deletes the stored bytes of one file of a download. */
export async function clearDownloadFile(db: Database, downloadId: string, path: string): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction(['downloads', 'downloadParts'], 'readwrite'));
    const download = await transaction.objectStore('downloads').get(downloadId);
    if (download) {
      const received = Object.fromEntries(Object.entries(download.received).filter(([name]) => name !== path));
      await transaction.objectStore('downloads').put({ ...download, received });
    }
    await transaction.objectStore('downloadParts').delete(partsOf(downloadId, path));
    await transaction.done;
  });
}

export async function deleteDownload(db: Database, downloadId: string): Promise<void> {
  await guard(async () => {
    const transaction = withHandledEnd(db.transaction(['downloads', 'downloadParts'], 'readwrite'));
    await transaction.objectStore('downloads').delete(downloadId);
    await transaction.objectStore('downloadParts').delete(partsOf(downloadId));
    await transaction.done;
  });
}
