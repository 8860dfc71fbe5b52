import { crc32Hasher } from '../../src/domain/hash';

/** Content of a file: text, bytes, or bytes that are produced piece by piece. Pieces must not change afterwards. */
export type FileInput = string | Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array<ArrayBuffer>>;

/** Collected pieces are moved to the browser's blob storage once their total size reaches this. */
const collectedBytes = 16 * 1024 * 1024;

async function* piecesOf(input: FileInput): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (typeof input === 'string') yield new TextEncoder().encode(input);
  else if (input instanceof Uint8Array) yield input;
  else yield* input;
}

/** Collects a file as a blob, outside this thread's memory. Calls `each` with every piece. */
export async function collectFile(
  input: FileInput,
  each: (piece: Uint8Array<ArrayBuffer>) => void = () => undefined,
): Promise<Blob> {
  const parts: BlobPart[] = [];
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for await (const piece of piecesOf(input)) {
    each(piece);
    waiting.push(piece);
    if ((bytes += piece.length) < collectedBytes) continue;
    parts.push(new Blob(waiting));
    [waiting, bytes] = [[], 0];
  }
  return new Blob([...parts, ...waiting]);
}

const version = 45; // 4.5: zip64
const utf8Names = 1 << 11;
const all16 = 0xffff;
const all32 = 0xffffffff;
/** 1 January 1980, the earliest date. A fixed date makes the same content produce the same bytes. */
const date = (1 << 5) | 1;

interface Written {
  name: Uint8Array<ArrayBuffer>;
  bytes: number;
  crc32: number;
  offset: number;
}

class Fields {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  u16(...values: number[]): this {
    for (const value of values) this.#view.setUint16((this.#at += 2) - 2, value, true);
    return this;
  }

  u32(...values: number[]): this {
    for (const value of values) this.#view.setUint32((this.#at += 4) - 4, value, true);
    return this;
  }

  u64(...values: number[]): this {
    for (const value of values) this.#view.setBigUint64((this.#at += 8) - 8, BigInt(value), true);
    return this;
  }
}

/** Section numbers such as 4.3.7 refer to PKWARE's APPNOTE.TXT 6.3.10. */

/**
 * Returns the local header of an entry (section 4.3.7). Sizes are always in the zip64 field, so that the header's
 * length does not depend on them.
 */
function localHeader({ name, bytes, crc32 }: Written): Uint8Array<ArrayBuffer> {
  const fields = new Fields(30 + 20).u32(0x04034b50).u16(version, utf8Names, 0, 0, date).u32(crc32, all32, all32);
  return fields.u16(name.length, 20, 1, 16).u64(bytes, bytes).bytes;
}

/** Returns the central directory's record of an entry (section 4.3.12). */
function directoryEntry({ name, bytes, crc32, offset }: Written): Uint8Array<ArrayBuffer> {
  const fields = new Fields(46 + 28).u32(0x02014b50).u16(version, version, utf8Names, 0, 0, date);
  return fields
    .u32(crc32, all32, all32)
    .u16(name.length, 28, 0, 0, 0)
    .u32(0, all32)
    .u16(1, 24)
    .u64(bytes, bytes, offset).bytes;
}

/** Returns the records that end the central directory (sections 4.3.14 to 4.3.16). */
function directoryEnd(entries: number, bytes: number, offset: number): Uint8Array<ArrayBuffer> {
  return new Fields(56 + 20 + 22)
    .u32(0x06064b50)
    .u64(44)
    .u16(version, version)
    .u32(0, 0)
    .u64(entries, entries, bytes, offset)
    .u32(0x07064b50, 0)
    .u64(offset + bytes)
    .u32(1, 0x06054b50)
    .u16(0, 0, Math.min(entries, all16), Math.min(entries, all16))
    .u32(Math.min(bytes, all32), Math.min(offset, all32))
    .u16(0).bytes;
}

/**
 * Writes an archive of stored files, as a blob that refers to the files' blobs instead of copying them. Each piece is
 * added to the checksum as it is produced, so no byte is read twice.
 */
export async function writeZip(
  files: Iterable<{ name: string; input: FileInput }> | AsyncIterable<{ name: string; input: FileInput }>,
): Promise<Blob> {
  const parts: BlobPart[] = [];
  const written: Written[] = [];
  let offset = 0;
  for await (const { name: path, input } of files) {
    const crc = await crc32Hasher();
    const blob = await collectFile(input, (piece) => crc.update(piece));
    const name = new TextEncoder().encode(path);
    const entry = { name, bytes: blob.size, crc32: Number.parseInt(crc.hex(), 16), offset };
    const header = localHeader(entry);
    // The extra field follows the name (4.3.7).
    parts.push(header.subarray(0, 30), name, header.subarray(30), blob);
    offset += header.length + name.length + blob.size;
    written.push(entry);
  }
  let bytes = 0;
  for (const entry of written) {
    const fields = directoryEntry(entry);
    parts.push(fields.subarray(0, 46), entry.name, fields.subarray(46));
    bytes += fields.length + entry.name.length;
  }
  return new Blob([...parts, directoryEnd(written.length, bytes, offset)], { type: 'application/zip' });
}
