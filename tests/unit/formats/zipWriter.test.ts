import { unzipSync } from 'fflate';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { unzip } from '../../../tools/lib/unzip.mjs';
import { readZipDirectory, zipEntryBlob } from '../../../workers/formats/zip';
import { writeZip } from '../../../workers/formats/zipWriter';
import { tempFolders } from '../../tempFolders';

const newFolder = tempFolders('recallsmith-zip-');

const pattern = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, (_, i) => (i * 31) % 251);

async function* pieces(...lengths: number[]): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (const length of lengths) yield Promise.resolve(pattern(length));
}

const files = () => [
  { name: '说明.md', input: '检出率\n' },
  { name: '1_Pooling/config.json', input: pattern(5) },
  { name: 'model.safetensors', input: pieces(9 * 2 ** 20, 9 * 2 ** 20, 3) },
  { name: 'empty', input: '' },
];

test('a written zip has the paths and bytes of its files, read by this app and by another library', async () => {
  const zip = await writeZip(files());
  const directory = await readZipDirectory(zip, 'a.zip');
  expect(directory.map(({ path, bytes }) => [path, bytes])).toEqual([
    ['说明.md', 10],
    ['1_Pooling/config.json', 5],
    ['model.safetensors', 18 * 2 ** 20 + 3],
    ['empty', 0],
  ]);
  const pooling = directory[1] && (await zipEntryBlob(zip, 'a.zip', directory[1]));
  expect(await pooling?.bytes()).toEqual(pattern(5));
  const read = unzipSync(new Uint8Array(await zip.arrayBuffer()));
  expect(new TextDecoder().decode(read['说明.md'])).toBe('检出率\n');
  const weights = read['model.safetensors'] ?? new Uint8Array();
  expect(Buffer.compare(weights.subarray(9 * 2 ** 20, 18 * 2 ** 20), pattern(9 * 2 ** 20))).toBe(0);
});

test('text, bytes and pieces of bytes become the same files, in a blob of the type of zip archives', async () => {
  const zip = await writeZip([
    { name: 'text', input: 'ab' },
    { name: 'bytes', input: Uint8Array.of(97, 98) },
    { name: 'pieces', input: pieces(1, 0, 2) },
  ]);
  expect(zip.type).toBe('application/zip');
  const read = unzipSync(new Uint8Array(await zip.arrayBuffer()));
  expect(Object.entries(read).map(([name, bytes]) => [name, ...bytes])).toEqual([
    ['text', 97, 98],
    ['bytes', 97, 98],
    ['pieces', 0, 0, 31],
  ]);
  const [text, bytes] = await readZipDirectory(zip, 'a.zip');
  expect(text?.crc32).toBe(bytes?.crc32);
});

test('the checksums match the bytes, so a tool that verifies them unpacks the zip', async () => {
  const folder = await newFolder();
  const bytes = new Uint8Array(await (await writeZip(files())).arrayBuffer());
  await writeFile(join(folder, 'a.zip'), bytes);
  expect(await unzip(join(folder, 'a.zip'), join(folder, 'out'))).toHaveLength(4);
  expect(await readFile(join(folder, 'out/说明.md'), 'utf8')).toBe('检出率\n');
  bytes[30 + Buffer.byteLength('说明.md')] = 0; // first byte of the first file
  await writeFile(join(folder, 'b.zip'), bytes);
  await expect(unzip(join(folder, 'b.zip'), join(folder, 'out'))).rejects.toThrow(/damaged/);
});

test('the same files make the same bytes', async () => {
  const small = () => writeZip(files().slice(0, 2));
  const [a, b] = [await small(), await small()];
  expect(Buffer.compare(await a.bytes(), await b.bytes())).toBe(0);
});

test('an error of a file rejects with that error, and nothing is left unhandled', async () => {
  async function* failing() {
    yield pattern(5);
    await Promise.reject(new Error('out of weights'));
  }
  await expect(writeZip([{ name: 'a', input: failing() }])).rejects.toThrow('out of weights');
});

test('an error of the disk rejects with that error, and nothing is left unhandled', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  class FullDisk extends Blob {
    constructor() {
      super();
      throw new Error('no space left');
    }
  }
  vi.stubGlobal('Blob', FullDisk);
  const large = [1, 2].map((at) => ({ name: `${at}`, input: new Uint8Array(17 * 2 ** 20) }));
  try {
    await expect(writeZip(large)).rejects.toThrow('no space left');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(unhandled).toEqual([]);
  } finally {
    vi.unstubAllGlobals();
    process.off('unhandledRejection', note);
  }
});

test('no byte of a file is read a second time for its checksum', async () => {
  const reads = vi.spyOn(Blob.prototype, 'arrayBuffer');
  await writeZip(files());
  expect(reads).not.toHaveBeenCalled();
  reads.mockRestore();
});
