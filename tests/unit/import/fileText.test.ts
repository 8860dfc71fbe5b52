import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { file, imported, json, refused } from './importFiles';

describe('control characters', () => {
  it('of a UTF-8 file become spaces, and the number of rows is reported', async () => {
    const text = Array.from({ length: 40 }, (_, i) => (i % 2 ? '段落二很长很长' : '段落一\0尾')).join('\n');
    const { rows, rejected, encoding, noteCount } = await imported('knowledgeBase', file('kb.txt', text));
    expect(encoding).toBe('utf-8');
    expect(rows).toHaveLength(40);
    expect(rows[0]?.text).toBe('段落一 尾');
    expect(rejected).toEqual([{ file: 'kb.txt', line: 1, fault: 'control-replaced', field: '20' }]);
    expect(noteCount).toBe(1);
  });
});

describe('half of a character that a JSON escape names', () => {
  it('becomes U+FFFD, because it could not be stored, and the number of rows is reported', async () => {
    const text = String.raw`{"text":"猪\ud83d"}` + '\n' + String.raw`{"text":"\ud83d\ude00"}`;
    const { rows, rejected } = await imported('knowledgeBase', file('kb.jsonl', text));
    expect(rows.map((row) => row.text)).toEqual(['猪\ufffd', '😀']);
    expect(rejected).toEqual([{ file: 'kb.jsonl', line: 1, fault: 'control-replaced', field: '1' }]);
  });
});

describe('a file', () => {
  const line = '母猪妊娠期的饲喂量应根据体况进行调整。\n';
  const bytes = new TextEncoder().encode(line.repeat(5));

  it('cut inside its last character keeps all other rows', async () => {
    const { rows, rejected, encoding } = await imported('knowledgeBase', file('kb.txt', bytes.slice(0, -5)));
    expect(encoding).toBe('utf-8');
    expect(rows).toHaveLength(4);
    expect(rejected).toEqual([{ file: 'kb.txt', line: 5, fault: 'file-cut' }]);
  });

  it('with a stray byte keeps the row, which is reported by its line', async () => {
    const { rows, rejected, rejectedCount } = await imported(
      'knowledgeBase',
      file('kb.txt', line, '保温', Uint8Array.of(0xff), '很要紧\n', line),
    );
    expect(rows.map((row) => row.text)).toContain('保温\ufffd很要紧');
    expect(rejected).toEqual([{ file: 'kb.txt', line: 2, fault: 'bytes-replaced' }]);
    expect(rejectedCount).toBe(0);
  });

  it.each([
    ['a short Chinese text', ['id,text\n1,母猪喂料\n2,ab', 0xc4, 'cd\n'], 3, 'ab\ufffdcd'],
    ['English', ['id,text\n1,The pigs are fed twice a day and kept warm\n2,pig', 0xc4, 's\n'], 3, 'pig\ufffds'],
    ['much English', ['id,text\n', '1,Feed the pigs\n'.repeat(200), '2,pig', 0xff, 's\n'], 202, 'pig\ufffds'],
  ])('of %s with a stray byte stays UTF-8 though other encodings may fit', async (_, parts, line, text) => {
    const content = parts.map((part) => (typeof part === 'string' ? part : Uint8Array.of(part)));
    const { rows, rejected, encoding } = await imported('knowledgeBase', file('kb.csv', ...content));
    expect(encoding).toBe('utf-8');
    expect(rows.map((row) => row.text)).toContain(text);
    expect(rejected).toContainEqual({ file: 'kb.csv', line, fault: 'bytes-replaced' });
  });

  it('in GB18030 is decoded', async () => {
    // 母猪 and 仔猪 in GB18030.
    const bytes = Uint8Array.of(0xc4, 0xb8, 0xd6, 0xed, 0x0a, 0xd7, 0xd0, 0xd6, 0xed);
    const { rows: read, encoding, format } = await imported('knowledgeBase', file('a.txt', bytes));
    expect(read.map((row) => row.text)).toEqual(['母猪', '仔猪']);
    expect({ encoding, format }).toEqual({ encoding: 'gb18030', format: 'txt' });
  });

  it('in Big5 is not read as GB18030', async () => {
    // 母豬妊娠期的飼料應該調整。 in Big5.
    const hex = 'a5c0bddea7b4ae57b4c1aabab97daeC6c0b3b8d3bdd5bee3a143';
    const big5 = Uint8Array.from(Buffer.from(hex, 'hex'));
    const { rows, encoding } = await imported('knowledgeBase', file('kb.txt', big5));
    expect(encoding).toBe('big5');
    expect(rows[0]?.text).toBe(new TextDecoder('big5').decode(big5));
  });

  it('compressed with gzip is opened, and a damaged one is refused', async () => {
    const packed = new Uint8Array(gzipSync(json({ query: '问', pos: '答' })));
    expect((await imported('pairs', file('p.jsonl.gz', packed))).rows).toHaveLength(1);
    expect(await refused('pairs', file('p.jsonl.gz', packed.slice(0, -9)))).toMatchObject({ fault: 'gzip-broken' });
  });
});
