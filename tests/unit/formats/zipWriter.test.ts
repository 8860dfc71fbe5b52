import { unzipSync } from 'fflate';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { unzip } from '../../../tools/lib/unzip.mjs';
import { readZipDirectory, zipEntryBlob } from '../../../workers/formats/zip';
import { writeZip } from '../../../workers/formats/zipWriter';

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

test('the checksums match the bytes, so a tool that verifies them unpacks the zip', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'recallsmith-zip-'));
  const bytes = new Uint8Array(await (await writeZip(files())).arrayBuffer());
  await writeFile(join(folder, 'a.zip'), bytes);
  expect(await unzip(join(folder, 'a.zip'), join(folder, 'out'))).toHaveLength(4);
  expect(await readFile(join(folder, 'out/说明.md'), 'utf8')).toBe('检出率\n');
  bytes[30 + '说明.md'.length + 4 + 20] = 0; // first byte of the first file
  await writeFile(join(folder, 'b.zip'), bytes);
  await expect(unzip(join(folder, 'b.zip'), join(folder, 'out'))).rejects.toThrow(/damaged/);
});

test('no byte of a file is read a second time for its checksum', async () => {
  const reads = vi.spyOn(Blob.prototype, 'arrayBuffer');
  await writeZip(files());
  expect(reads).not.toHaveBeenCalled();
  reads.mockRestore();
});
