const all32 = 0xffffffff;
const utf8Names = 1 << 11;

/** Returns a field of each given width in bytes, little-endian. */
function fields(...values: [width: 2 | 4 | 8, ...numbers: number[]][]): number[] {
  return values.flatMap(([width, ...numbers]) =>
    numbers.flatMap((value) => Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256)),
  );
}

/** CRC-32 as in PKZIP, bit by bit: polynomial 0xedb88320, reflected, inverted at both ends. */
function crc32(bytes: Uint8Array): number {
  let crc = all32;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ all32) >>> 0;
}

/**
 * Returns an archive of stored files in which all sizes and offsets are in zip64 fields, as in project files written by
 * earlier versions of the app (PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 and 4.3.12 to 4.3.16). Each file's content
 * is `content of ` and its name.
 */
export function zip64Archive(names: readonly string[]): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  const directory: number[] = [];
  for (const text of names) {
    const name = new TextEncoder().encode(text);
    const content = new TextEncoder().encode(`content of ${text}`);
    const [crc, bytes, offset] = [crc32(content), content.length, out.length];
    out.push(...fields([4, 0x04034b50], [2, 45, utf8Names, 0, 0, 33], [4, crc, all32, all32], [2, name.length, 20]));
    out.push(...name, ...fields([2, 1, 16], [8, bytes, bytes]), ...content);
    directory.push(...fields([4, 0x02014b50], [2, 45, 45, utf8Names, 0, 0, 33], [4, crc, all32, all32]));
    directory.push(...fields([2, name.length, 28, 0, 0, 0], [4, 0, all32]), ...name);
    directory.push(...fields([2, 1, 24], [8, bytes, bytes, offset]));
  }
  const [entries, size, offset] = [names.length, directory.length, out.length];
  const end64 = fields([4, 0x06064b50], [8, 44], [2, 45, 45], [4, 0, 0], [8, entries, entries, size, offset]);
  const locator = fields([4, 0x07064b50, 0], [8, offset + size], [4, 1]);
  const end = fields([4, 0x06054b50], [2, 0, 0, entries, entries], [4, size, offset], [2, 0]);
  return Uint8Array.from([...out, ...directory, ...end64, ...locator, ...end]);
}
