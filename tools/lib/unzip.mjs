import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';

/* The zip format: PKWARE's APPNOTE.TXT 6.3.10. Numbers such as 4.3.16 are its sections. */
const endSignature = 0x06054b50; // 4.3.16
const end64LocatorSignature = 0x07064b50; // 4.3.15
const entrySignature = 0x02014b50; // 4.3.12
/** Maximum length of the comment at the end of a zip, whose length field has 16 bits. */
const maxCommentBytes = 65_535;
/** Marks a size or offset that does not fit in 32 bits; an extra field holds the number (4.5.3). */
const tooLarge = 0xffffffff;

async function readAt(file, position, length) {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

async function centralDirectory(file) {
  const { size } = await file.stat();
  const tailLength = Math.min(size, maxCommentBytes + 22 + 20);
  const tail = await readAt(file, size - tailLength, tailLength);
  let at = tail.length - 22;
  while (at >= 0 && tail.readUInt32LE(at) !== endSignature) at -= 1;
  if (at < 0) throw new Error('the zip has no end record');
  let [entries, length, offset] = [tail.readUInt16LE(at + 10), tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
  const locator = at - 20;
  if (locator >= 0 && tail.readUInt32LE(locator) === end64LocatorSignature) {
    const record = await readAt(file, Number(tail.readBigUInt64LE(locator + 8)), 56); // 4.3.14
    [entries, length, offset] = [32, 40, 48].map((place) => Number(record.readBigUInt64LE(place)));
  }
  return { entries, directory: await readAt(file, offset, length) };
}

/**
 * Fills in sizes and offset that do not fit in 32 bits. Extra field 0x0001 contains only those, in this order (4.5.3).
 */
function with64(entry, extra) {
  let at = 0;
  while (at + 4 <= extra.length) {
    const [id, length] = [extra.readUInt16LE(at), extra.readUInt16LE(at + 2)];
    if (id === 1) {
      let place = at + 4;
      for (const name of ['bytes', 'packedBytes', 'offset']) {
        if (entry[name] !== tooLarge) continue;
        entry[name] = Number(extra.readBigUInt64LE(place));
        place += 8;
      }
    }
    at += 4 + length;
  }
  return entry;
}

function* entriesOf({ entries, directory }) {
  let at = 0;
  for (let i = 0; i < entries; i++) {
    if (directory.readUInt32LE(at) !== entrySignature) throw new Error('the central directory of the zip is damaged');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((place) => directory.readUInt16LE(at + place));
    const nameEnd = at + 46 + nameLength;
    const entry = {
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      packedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
      name: directory.toString('utf8', at + 46, nameEnd),
    };
    yield with64(entry, directory.subarray(nameEnd, nameEnd + extraLength));
    at = nameEnd + extraLength + commentLength;
  }
}

function checking(entry) {
  let [crc, bytes] = [0, 0];
  return new Transform({
    transform(chunk, _encoding, done) {
      crc = crc32(chunk, crc);
      bytes += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      done(crc === entry.crc && bytes === entry.bytes ? null : new Error(`${entry.name} is damaged in the zip`));
    },
  });
}

async function writeEntry(file, zipPath, entry, target) {
  const header = await readAt(file, entry.offset, 30);
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  await mkdir(dirname(target), { recursive: true });
  if (entry.packedBytes === 0) return (await open(target, 'w')).close();
  const packed = createReadStream(zipPath, { start, end: start + entry.packedBytes - 1 });
  const stages = entry.method === 8 ? [createInflateRaw()] : [];
  if (entry.method !== 0 && entry.method !== 8)
    throw new Error(`${entry.name} uses compression method ${entry.method}, which is not supported`);
  await pipeline(packed, ...stages, checking(entry), createWriteStream(target));
}

/**
 * Unpacks a zip into `folder` one file at a time and checks each CRC. Returns the paths of the files, without folders.
 */
export async function unzip(zipPath, folder) {
  const file = await open(zipPath);
  try {
    const paths = [];
    for (const entry of entriesOf(await centralDirectory(file))) {
      const target = normalize(join(folder, entry.name));
      if (!target.startsWith(normalize(folder) + sep))
        throw new Error(`the zip contains a path outside its folder: ${entry.name}`);
      if (entry.name.endsWith('/')) await mkdir(target, { recursive: true });
      else {
        await writeEntry(file, zipPath, entry, target);
        paths.push(entry.name);
      }
    }
    return paths;
  } finally {
    await file.close();
  }
}
