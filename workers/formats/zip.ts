import { AppError } from '../../src/domain/errors';
import { own, type Said } from '../../src/domain/errorWords';

/** Location of an entry in the archive. Only stored (uncompressed) entries are supported. */
export interface ZipEntry {
  path: string;
  bytes: number;
  crc32: number;
  headerOffset: number;
}

const endOfDirectory = 0x06054b50;
const end64Locator = 0x07064b50;
const end64 = 0x06064b50;
const directoryEntry = 0x02014b50;
const localHeader = 0x04034b50;
/** Limit on the directory's length. No archive of this app has a longer directory. */
const maxDirectoryBytes = 256 * 1024 * 1024;
const all32 = 0xffffffff;

function invalid(file: string, reason: Said, entry?: string): AppError {
  return new AppError({ kind: 'project-invalid', file, reason, ...(entry === undefined ? {} : { entry }) });
}

async function view(blob: Blob, begin: number, end: number): Promise<DataView> {
  return new DataView(await blob.slice(begin, end).arrayBuffer());
}

/** Locates the central directory through its end record, which is in the last 64 kB of the file. */
async function findDirectory(blob: Blob, file: string): Promise<{ offset: number; bytes: number; entries: number }> {
  const tailBegin = Math.max(0, blob.size - 65_557);
  const tail = await view(blob, tailBegin, blob.size);
  for (let at = tail.byteLength - 22; at >= 0; at--) {
    if (tail.getUint32(at, true) !== endOfDirectory) continue;
    const found = {
      entries: tail.getUint16(at + 10, true),
      bytes: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    };
    const locatorAt = at - 20;
    if (locatorAt < 0 || tail.getUint32(locatorAt, true) !== end64Locator) return found;
    const recordAt = Number(tail.getBigUint64(locatorAt + 8, true));
    const record = await view(blob, recordAt, recordAt + 56);
    if (record.byteLength < 56 || record.getUint32(0, true) !== end64) throw invalid(file, own('zip64-damaged'));
    const number = (position: number): number => Number(record.getBigUint64(position, true));
    return { entries: number(32), bytes: number(40), offset: number(48) };
  }
  throw invalid(file, own(isZip(new Uint8Array(await blob.slice(0, 4).arrayBuffer())) ? 'zip-cut' : 'not-a-zip'));
}

/**
 * Returns the entry's sizes and offset, using 64-bit values for 32-bit fields that are all ones. The zip64 extra field
 * has them in the order size, packed size, offset.
 */
function wide(
  directory: DataView,
  extraBegin: number,
  extraEnd: number,
  short: { size: number; packed: number; offset: number },
): typeof short {
  const result = { ...short };
  for (let at = extraBegin; at + 4 <= extraEnd;) {
    const length = directory.getUint16(at + 2, true);
    if (directory.getUint16(at, true) === 1) {
      let position = at + 4;
      for (const key of ['size', 'packed', 'offset'] as const) {
        if (short[key] !== all32) continue;
        result[key] = Number(directory.getBigUint64(position, true));
        position += 8;
      }
    }
    at += 4 + length;
  }
  return result;
}

/** Lists all entries of an archive of stored files. Throws `project-invalid` with file and entry. */
export async function readZipDirectory(blob: Blob, file: string): Promise<ZipEntry[]> {
  const { offset, bytes, entries } = await findDirectory(blob, file);
  if (bytes > maxDirectoryBytes || offset + bytes > blob.size) throw invalid(file, own('directory-outside'));
  const directory = await view(blob, offset, offset + bytes);
  const found: ZipEntry[] = [];
  try {
    for (let at = 0, i = 0; i < entries; i++) {
      if (directory.getUint32(at, true) !== directoryEntry) throw invalid(file, own('directory-damaged'));
      const nameLength = directory.getUint16(at + 28, true);
      const extraLength = directory.getUint16(at + 30, true);
      const path = new TextDecoder().decode(new Uint8Array(directory.buffer, at + 46, nameLength));
      const short = {
        packed: directory.getUint32(at + 20, true),
        size: directory.getUint32(at + 24, true),
        offset: directory.getUint32(at + 42, true),
      };
      const {
        size,
        packed,
        offset: headerOffset,
      } = wide(directory, at + 46 + nameLength, at + 46 + nameLength + extraLength, short);
      if (directory.getUint16(at + 10, true) !== 0 || packed !== size)
        throw invalid(file, own('entry-compressed'), path);
      found.push({ path, bytes: size, crc32: directory.getUint32(at + 16, true), headerOffset });
      at += 46 + nameLength + extraLength + directory.getUint16(at + 32, true);
    }
  } catch (thrown) {
    if (thrown instanceof RangeError) throw invalid(file, own('directory-damaged'));
    throw thrown;
  }
  return found;
}

/** Returns an entry's bytes as a slice of the archive, without copying. */
export async function zipEntryBlob(blob: Blob, file: string, entry: ZipEntry): Promise<Blob> {
  const header = await view(blob, entry.headerOffset, entry.headerOffset + 30);
  if (header.byteLength < 30 || header.getUint32(0, true) !== localHeader)
    throw invalid(file, own('damaged'), entry.path);
  const begin = entry.headerOffset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (begin + entry.bytes > blob.size) throw invalid(file, own('incomplete'), entry.path);
  return blob.slice(begin, begin + entry.bytes);
}

/** Whether a file begins like a zip archive, as .xlsx files do. */
export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
}
