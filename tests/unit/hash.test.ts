import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { gitBlobHasher, sha256Hex, sha256Stream } from '../../src/domain/hash';

const text = '猪 abc';
const bytes = new TextEncoder().encode(text);
const sha256 = createHash('sha256').update(bytes).digest('hex');

describe('a hash', () => {
  it('is the same for a text, its UTF-8 bytes and their buffer', async () => {
    expect(await sha256Hex(text)).toBe(sha256);
    expect(await sha256Hex(bytes)).toBe(sha256);
    expect(await sha256Hex(bytes.slice().buffer)).toBe(sha256);
    expect(await sha256Stream([text.slice(0, 2), bytes.slice(4).buffer])).toBe(sha256);
  });

  it('of a view covers only the bytes of the view', async () => {
    const larger = new Uint8Array(bytes.length + 5).fill(9);
    larger.set(bytes, 3);
    expect(await sha256Hex(larger.subarray(3, 3 + bytes.length))).toBe(sha256);
    expect(await sha256Hex(new DataView(larger.buffer, 3, bytes.length))).toBe(sha256);
  });

  it('of a git blob is the one that git computes', async () => {
    // printf 'hello\n' | git hash-object --stdin
    expect((await gitBlobHasher(6)).update('hello\n').hex()).toBe('ce013625030ba8dba906f756967f9e9ca394464a');
  });
});
