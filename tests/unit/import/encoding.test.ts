import { describe, expect, it } from 'vitest';
import {
  encodingCandidates,
  hasStrayBytes,
  isDamaged,
  isValidIn,
  looksLikeText,
} from '../../../src/domain/import/encoding';
import { file, imported } from './importFiles';

/** Yields the bytes in pieces of this size. */
async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield Promise.resolve(bytes.subarray(at, at + size));
}

const text = '猪的体温是三十八度五。🐖';
const utf8 = new TextEncoder().encode(text);
/** 母猪 and 仔猪 in GB18030, with a line break between them. */
const gb18030 = Uint8Array.of(0xc4, 0xb8, 0xd6, 0xed, 0x0a, 0xd7, 0xd0, 0xd6, 0xed);

describe('text in pieces', () => {
  it.each([1, 2, 3, 7, 1000])('is valid even if characters are cut between pieces of %i bytes', async (size) => {
    expect(await isValidIn('utf-8', inPieces(utf8, size))).toBe(true);
    expect(await isValidIn('gb18030', inPieces(gb18030, size))).toBe(true);
    expect(await isValidIn('utf-8', inPieces(gb18030, size))).toBe(false);
  });

  it('is valid if the file ends inside a character, but not if a character in the middle is cut', async () => {
    for (let cut = 0; cut < 4; cut++)
      expect(await isValidIn('utf-8', inPieces(utf8.slice(0, utf8.length - cut), 5))).toBe(true);
    expect(await isValidIn('utf-8', inPieces(Uint8Array.of(...utf8.slice(0, 2), ...utf8.slice(3)), 5))).toBe(false);
  });

  it.each([1, 4, 1000])(
    'in pieces of %i bytes counts as damaged if at most one place per ten characters is invalid',
    async (size) => {
      const damaged = (characters: number) => Uint8Array.of(0xff, ...new TextEncoder().encode('猪'.repeat(characters)));
      expect(await isDamaged('utf-8', inPieces(damaged(10), size))).toBe(true);
      expect(await isDamaged('utf-8', inPieces(damaged(9), size))).toBe(false);
      expect(await isDamaged('utf-8', inPieces(utf8, size))).toBe(true);
    },
  );
});

describe('stray bytes', () => {
  const bytes = (...parts: (string | number)[]): Uint8Array =>
    new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(typeof part === 'string' ? part : [part]))));
  const english = 'a'.repeat(47);
  it.each([
    ['fewer than characters of three bytes', bytes('猪猪', 0xc4), true],
    ['as many as characters of three bytes', bytes('猪', 0xc4, 'c'), false],
    ['more than characters of two bytes', bytes('éé', 0xc4, '.'), false],
    ['one in fifty characters, inside a word', bytes(english, 'b', 0xc4, 'c'), true],
    ['one in fewer characters', bytes(english, 0xc4, 'c'), false],
    ['before a space', bytes(english, 'b', 0xc4, ' '), false],
    ['two in a row, inside a word', bytes(english.repeat(3), 0xd6, 0xed, 'c'), true],
    ['two in a row, after a space', bytes(english.repeat(3), ' ', 0xd6, 0xed, 'c'), false],
    ['two in a row beside two characters of three bytes', bytes('猪', 0xc4, 0xc4, '猪c'), true],
    ['three in a row beside two characters of three bytes', bytes('猪', 0xc4, 0xc4, 0xc4, '猪c'), false],
  ])('that are %s decide for UTF-8 or not, whatever the pieces', async (_, content, expected) => {
    for (const size of [1, 2, 3, 1000]) expect(await hasStrayBytes(inPieces(content, size))).toBe(expected);
  });

  it('do not decide against an English text with a word in GB18030 or Big5', async () => {
    const words = [
      [0xd6, 0xed, 0xce, 0xc1],
      [0xbd, 0xde, 0xb7, 0x45],
    ];
    for (const word of words)
      expect(await hasStrayBytes(inPieces(bytes(english.repeat(9), ...word, 'c'), 5))).toBe(false);
  });
});

describe('a large file in GB18030', () => {
  it('is recognised even if a character is split between two of the pieces that are read', async () => {
    // A single byte precedes two-byte characters, so every even offset, such as 65,536, is inside a character.
    const bytes = new Uint8Array(1 + 140_000).map((_, i) => (i === 0 ? 0x31 : (gb18030[(i - 1) % 4] ?? 0)));
    const { rows, encoding } = await imported('knowledgeBase', file('kb.txt', bytes));
    expect(encoding).toBe('gb18030');
    expect(rows.map((row) => row.text).join('')).toBe(`1${'母猪'.repeat(35_000)}`);
  });
});

describe('the possible encodings', () => {
  const ascii = (content: string): Uint8Array => new TextEncoder().encode(content);
  const utf16 = (content: string, swapped = false): Uint8Array => {
    const bytes = new Uint8Array(Buffer.from(content, 'utf16le'));
    return swapped ? bytes.map((_, i) => bytes[i ^ 1] ?? 0) : bytes;
  };
  it.each([
    ['a UTF-16 mark, little endian', Uint8Array.of(0xff, 0xfe, 0x41, 0), ['utf-16le']],
    ['a UTF-16 mark, big endian', Uint8Array.of(0xfe, 0xff, 0, 0x41), ['utf-16be']],
    ['no NUL', ascii('{"text":"a"}'), ['utf-8', 'gb18030', 'big5', 'euc-kr', 'shift_jis', 'euc-jp']],
    ['NULs in every second byte', utf16('{"text":"一"}'), ['utf-8', 'utf-16le']],
    ['NULs in every first byte', utf16('{"text":"一"}', true), ['utf-8', 'utf-16be']],
    ['a NUL here and there', ascii(`${'a'.repeat(99)}\0${'b'.repeat(100)}`), ['utf-8']],
    ['as many NULs in even as in odd bytes', ascii('a\0\0b'.repeat(9)), ['utf-8']],
  ])('of a sample with %s are these', (_, sample, expected) => {
    expect(encodingCandidates(sample)).toEqual(expected);
  });
});

describe('decoded text', () => {
  it.each([
    ['without controls', 'a'.repeat(50), true],
    ['with one control in fifty characters', `\u001b${'a'.repeat(49)}`, true],
    ['with one control in fewer', `\u001b${'a'.repeat(48)}`, false],
    ['with tabs, line breaks and form feeds only', '\t\n\r\f', true],
  ])('%s looks like text or not: %j', (_, content, expected) => {
    expect(looksLikeText(content)).toBe(expected);
  });

  it('with characters beyond ASCII may have one control character in eight, if it is UTF-8', () => {
    expect(looksLikeText('\u0000猪猪猪猪猪猪猪', 'utf-8')).toBe(true);
    expect(looksLikeText('\u0000猪猪猪猪猪猪', 'utf-8')).toBe(false);
    expect(looksLikeText('\u0000猪猪猪猪猪猪猪', 'gb18030')).toBe(false);
    expect(looksLikeText('\u0000aaaaaaa', 'utf-8')).toBe(false);
  });
});

describe('a text in windows-1252', () => {
  const latin1 = (content: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(content, 'latin1'));
  it.each([
    ['an apostrophe', 'The pig\x92s feed is given twice a day', 'The pig’s feed is given twice a day'],
    ['French letters', 'Andr\xe9 a cr\xe9\xe9e une \xabferme\xbb \xe0 Paris', 'André a créée une «ferme» à Paris'],
    ['German letters', 'Gr\xf6\xdfe der Schweine f\xfcr \xc4rzte', 'Größe der Schweine für Ärzte'],
    ['a sign', 'Keep the house at 25 \xb0C and warm', 'Keep the house at 25 °C and warm'],
  ])('with %s is guessed and shown as uncertain if another encoding fits', async (_, content, expected) => {
    const { rows, recognised } = await imported('knowledgeBase', file('a.csv', latin1(`id,text\n1,${content}\n`)));
    expect(rows[0]?.text).toBe(expected);
    expect(recognised[0]?.encoding).toBe('windows-1252');
    expect(recognised[0]?.unsure).toBe(recognised[0]?.alsoFits.length !== 0);
  });

  it.each([
    ['Chinese in GB18030', Uint8Array.of(...latin1('id,text\n1,'), ...gb18030), 'gb18030'],
    ['a Chinese word in an English text', latin1('id,text\n1,The \xcb\xc7\xc1\xcf is mixed twice a day\n'), 'gb18030'],
    ['a Chinese character in an English text', latin1('id,text\n1,The \xd6\xed is fed twice a day\n'), 'gb18030'],
    ['UTF-8 with a damaged character', latin1('id,text\n1,\xe7\x8c\xaa \xe7\x8c\xaa \xe7 is fed\n'), 'utf-8'],
  ])('is never guessed for %s', async (_, content, expected) => {
    expect((await imported('knowledgeBase', file('a.csv', content))).recognised[0]?.encoding).toBe(expected);
  });
});
