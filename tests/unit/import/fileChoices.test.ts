import { describe, expect, it } from 'vitest';
import { chooseHubFiles } from '../../../src/domain/import/chooseHubFiles';
import {
  encodingCandidates,
  hasStrayBytes,
  isTextEncoding,
  isUnclear,
  isValidIn,
  plausibility,
} from '../../../src/domain/import/encoding';
import { fileTypeOf } from '../../../src/domain/import/fileType';
import type { HubFile } from '../../../src/domain/import/hub';

describe('the files of a model on a hub', () => {
  const hash = { kind: 'sha256', hex: 'b'.repeat(64) } as const;
  const file = (path: string): HubFile => ({ path, bytes: 1, hash, commit: 'a'.repeat(40) });
  const chosen = (...paths: string[]): unknown => {
    const choice = chooseHubFiles(['config.json', 'vocab.txt', ...paths].map(file));
    return choice.kind === 'files' ? choice.files.map(({ path }) => path).slice(2) : choice;
  };
  const index = 'pytorch_model.bin.index.json';
  const shard = (at: number, of: number): string => `pytorch_model-0000${at}-of-0000${of}.bin`;

  it('include all shards of PyTorch weights, in order of their numbers', () => {
    expect(chosen(index, shard(2, 3), shard(1, 3), shard(3, 3))).toEqual([
      index,
      shard(1, 3),
      shard(2, 3),
      shard(3, 3),
    ]);
  });

  it.each<[string, string[]]>([
    ['all are missing', []],
    ['the first is missing', [shard(2, 2)]],
    ['the last is missing', [shard(1, 2)]],
    ['one in the middle is missing', [shard(1, 3), shard(3, 3)]],
    ['they have different totals', [shard(1, 1), shard(2, 3)]],
    ['they are those of another format', ['model-00001-of-00001.safetensors']],
  ])('include no shards if %s', (_case, shards) => {
    expect(chosen(index, ...shards)).toEqual({ kind: 'unsupported', found: index });
  });

  it('are refused with all names of weights that cannot be read', () => {
    expect(chosen(index, 'model.safetensors.index.json')).toEqual({
      kind: 'unsupported',
      found: `model.safetensors.index.json, ${index}`,
    });
  });

  it('must include a tokenizer: the first that can be read is named, or else tokenizer.json', () => {
    const missing = (tokenizers: string[]): unknown =>
      chooseHubFiles([file('config.json')], { weights: ['safetensors'], tokenizers });
    expect(missing(['vocab.txt'])).toEqual({ kind: 'missing', file: 'vocab.txt' });
    expect(missing([])).toEqual({ kind: 'missing', file: 'tokenizer.json' });
  });
});

describe('stray bytes in UTF-8', () => {
  const bytes = (...parts: (string | number)[]): Uint8Array =>
    new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(typeof part === 'string' ? part : [part]))));
  async function* inPieces(content: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < content.length; at += size) yield Promise.resolve(content.subarray(at, at + size));
  }
  const english = 'a'.repeat(49);

  it.each<[string, Uint8Array, boolean]>([
    ['between characters of three bytes', bytes('猪', 0xc4, '猪'), true],
    ['inside a word that continues', bytes(english, 0xc4, 'cdef'), true],
    ['that begin no character, inside a word', bytes(english, 0xff, 'cdef'), true],
    ['after a character beyond ASCII', bytes(english, 'é', 0xff, 'c'), false],
    ['after two letters and a character beyond ASCII', bytes(english, 'é', 0xff, 'cdef'), false],
  ])('are recognised %s, whatever the pieces', async (_case, content, expected) => {
    for (const size of [1, 2, 3, 1000]) expect(await hasStrayBytes(inPieces(content, size)), `${size}`).toBe(expected);
  });

  it('are not looked for in a file that cannot be read: its error is passed on', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Promise.resolve(bytes('a'));
      throw new Error('the disk is gone');
    }
    await expect(isValidIn('utf-8', failing())).rejects.toThrow('the disk is gone');
  });
});

describe('the encoding of a file', () => {
  const sample = (length: number, ...nuls: number[]): Uint8Array =>
    Uint8Array.from({ length }, (_, i) => (nuls.includes(i) ? 0 : 0x61));

  it('is one of those that are known', () => {
    expect(['utf-8', 'windows-1252', 'utf-7', '', undefined].map((name) => isTextEncoding(name))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('is not UTF-16 by the first byte of its mark only', () => {
    expect(encodingCandidates(Uint8Array.of(0xff, 0x61))).toEqual([
      'utf-8',
      'gb18030',
      'big5',
      'euc-kr',
      'shift_jis',
      'euc-jp',
    ]);
    expect(encodingCandidates(Uint8Array.of(0xfe, 0x61))).toEqual([
      'utf-8',
      'gb18030',
      'big5',
      'euc-kr',
      'shift_jis',
      'euc-jp',
    ]);
  });

  it.each<[string, Uint8Array, string[]]>([
    ['one even NUL in many bytes', sample(200, 100), ['utf-8']],
    ['one odd NUL in fifty bytes', sample(50, 1), ['utf-8']],
    ['one odd NUL in fewer', sample(49, 1), ['utf-8', 'utf-16le']],
    ['one even NUL in fifty bytes', sample(50, 2), ['utf-8']],
    ['one even NUL in fewer', sample(49, 2), ['utf-8', 'utf-16be']],
    ['three odd NULs for one even', sample(8, 1, 3, 5, 0), ['utf-8']],
    ['four odd NULs for one even', sample(8, 1, 3, 5, 7, 0), ['utf-8', 'utf-16le']],
    ['three even NULs for one odd', sample(8, 0, 2, 4, 1), ['utf-8']],
    ['four even NULs for one odd', sample(8, 0, 2, 4, 6, 1), ['utf-8', 'utf-16be']],
  ])('may be UTF-16 if NULs are frequent on one side: %s', (_case, content, expected) => {
    expect(encodingCandidates(content)).toEqual(expected);
  });

  it('is clear if its text has five frequent characters and more than three times as many as in the other encoding', () => {
    expect(plausibility('的一猪在')).toBe(3);
    expect([isUnclear(4, 0), isUnclear(5, 0), isUnclear(6, 2), isUnclear(7, 2)]).toEqual([true, false, true, false]);
  });
});

describe('the type of a file', () => {
  const ascii = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));
  const bytes = (...parts: (string | number[])[]): Uint8Array =>
    Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? ascii(part) : part)));
  /** A compound file with the name of a stream. */
  const compound = (stream: string): Uint8Array =>
    bytes(
      [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1],
      Array<number>(504).fill(0),
      ascii(stream).flatMap((c) => [c, 0]),
      [0, 0],
    );
  const none = new Uint8Array(0);

  it.each([
    ['Book', 'oldExcel'],
    ['Workbook', 'oldExcel'],
    ['PowerPoint Document', 'powerPoint'],
    ['VisioDocument', 'office'],
  ])('of a compound file with the stream %s is %s', (stream, type) => {
    expect(fileTypeOf(compound(stream), none)).toBe(type);
  });

  it('of an Office file is recognised by the names of its parts or by the list of its contents', () => {
    const cut = (name: string): Uint8Array => bytes('PK', [3, 4], name);
    expect(
      [cut('word/document.xml'), cut('[Content_Types].xml'), cut('data.txt')].map((head) => fileTypeOf(head, none)),
    ).toEqual(['cutOffice', 'cutOffice', 'cutArchive']);
  });

  it('is a Windows program if MZ is followed by NULs, or by a PE header at the place that it names', () => {
    const dos = bytes('MZ', Array<number>(61).fill(0x61), [0]);
    expect(fileTypeOf(dos, none)).toBe('executable');
    expect(fileTypeOf(dos.slice(0, 63), none)).toBeNull();
    const text = bytes('MZ', Array<number>(58).fill(0x61), [0x02, 0x01, 0x01, 0x01], 'PE');
    expect(fileTypeOf(text, none)).toBeNull();
    const header = new Uint8Array(0x01010104 + 4).fill(0x61);
    header.set(bytes('MZ'));
    header.set([0x04, 0x01, 0x01, 0x01], 60);
    header.set([...ascii('PE'), 0, 0], 0x01010104);
    expect(fileTypeOf(header, none)).toBe('executable');
    expect(fileTypeOf(bytes('XY', Array<number>(62).fill(0)), none)).toBeNull();
  });
});
