import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync, strToU8 } from 'fflate';
import { downloadZip } from 'client-zip';
import { describe, expect, it } from 'vitest';
import { unzip } from '../../../tools/lib/unzip.mjs';
import { tempFolders } from '../../tempFolders';

const newFolder = tempFolders('recallsmith-unzip-');

describe('unpacking an export', () => {
  it('restores stored and deflated files with their folders', async () => {
    const folder = await newFolder();
    const text = '检出率 '.repeat(1000);
    const zip = zipSync({
      'README.md': [strToU8(text), { level: 9 }],
      'onnx/model.onnx': [new Uint8Array([1, 2, 3]), { level: 0 }],
      'empty.txt': new Uint8Array(),
    });
    await writeFile(join(folder, 'a.zip'), zip);
    expect((await unzip(join(folder, 'a.zip'), join(folder, 'out'))).sort()).toEqual([
      'README.md',
      'empty.txt',
      'onnx/model.onnx',
    ]);
    expect(await readFile(join(folder, 'out/README.md'), 'utf8')).toBe(text);
    expect([...(await readFile(join(folder, 'out/onnx/model.onnx')))]).toEqual([1, 2, 3]);
  });

  it('reads a streamed zip as the page writes it, with sizes after the data', async () => {
    const folder = await newFolder();
    const bytes = await downloadZip([{ name: 'a/b.bin', input: new Uint8Array(100_000).fill(7) }]).arrayBuffer();
    await writeFile(join(folder, 'a.zip'), new Uint8Array(bytes));
    expect(await unzip(join(folder, 'a.zip'), join(folder, 'out'))).toEqual(['a/b.bin']);
    expect((await readFile(join(folder, 'out/a/b.bin'))).every((byte) => byte === 7)).toBe(true);
  });

  it('refuses a damaged file, a path outside the folder, and a file that is not a zip', async () => {
    const folder = await newFolder();
    const zip = zipSync({ 'a.bin': [new Uint8Array(500).fill(1), { level: 0 }] });
    zip[100] = 9;
    await writeFile(join(folder, 'damaged.zip'), zip);
    await expect(unzip(join(folder, 'damaged.zip'), join(folder, 'out'))).rejects.toThrow(/a\.bin is damaged/);
    await writeFile(join(folder, 'slip.zip'), zipSync({ '../evil.txt': strToU8('x') }));
    await expect(unzip(join(folder, 'slip.zip'), join(folder, 'out'))).rejects.toThrow(/outside/);
    await writeFile(join(folder, 'no.zip'), 'no zip at all, but long enough to be read as one');
    await expect(unzip(join(folder, 'no.zip'), join(folder, 'out'))).rejects.toThrow(/no end record/);
  });
});
