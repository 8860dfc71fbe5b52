import { statfs } from 'node:fs/promises';

/**
 * Bytes of the disk that the runner leaves free. On a completely full disk, Chromium can no longer rewrite its database
 * and then cannot open it either.
 */
export const reservedBytes = 128 * 1024 * 1024;

const updateMs = 1000;

const megabytes = (bytes) => `${Math.floor(bytes / 1e6).toLocaleString('en')} MB`;

/** Returns the bytes that this user can still write to the disk of `path`. */
async function freeBytes(path) {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Throws, with numbers, unless `bytes` fit on the disk of `path` and leave the reserve free. */
export async function requireDiskSpace(path, bytes, purpose, free = freeBytes) {
  const found = await free(path);
  if (found >= bytes + reservedBytes) return;
  const needed = bytes > 0 ? `${megabytes(bytes)} for ${purpose}, and ` : '';
  throw new Error(
    `The disk of ${path} has ${megabytes(found)} free, but needs ${needed}${megabytes(reservedBytes)} that stay free${
      bytes > 0 ? '' : ` for ${purpose}`
    }; make room there.`,
  );
}

/** If the disk of `path` is full, adds that to the sentence of a failure. */
export async function withFullDisk(sentence, path, free = freeBytes) {
  const found = await free(path);
  if (found >= reservedBytes) return sentence;
  return `${sentence} The disk of ${path} has only ${megabytes(found)} free, of which ${megabytes(reservedBytes)} must stay free.`;
}

/** Returns the quota for the page's storage: the bytes it uses plus the free bytes of the disk beyond the reserve. */
export function storageQuota(usedBytes, free) {
  return usedBytes + Math.max(0, free - reservedBytes);
}

/**
 * Returns the sentence for a disk that other programs have nearly filled, or null if half of the reserve is still free.
 */
export function nearlyFull(path, free) {
  if (free >= reservedBytes / 2) return null;
  return (
    `The disk of ${path} has only ${megabytes(free)} free. The run was stopped before the browser lost its database; ` +
    'make room there and run the same command again.'
  );
}

/**
 * Limits the page's storage to the free space of the profile's disk. The browser then refuses a write before the disk
 * is full, and `navigator.storage.estimate()` reports the limit. Calls `onNearlyFull` with a sentence if other programs
 * fill the disk. Returns a function that stops updating the limit.
 */
export async function limitStorage(context, page, origin, profilePath, onNearlyFull) {
  const session = await context.newCDPSession(page);
  const update = async () => {
    const { usage } = await session.send('Storage.getUsageAndQuota', { origin });
    const free = await freeBytes(profilePath);
    const sentence = nearlyFull(profilePath, free);
    if (sentence !== null) onNearlyFull(sentence);
    const quotaSize = storageQuota(usage, free);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
  };
  await update();
  // An update fails when the browser closes, which `watch` reports.
  const timer = setInterval(() => void update().catch(() => undefined), updateMs);
  return () => clearInterval(timer);
}
