import { neighbourEncodings } from './neighbourScripts';

/** Encodings that a file can be read in, in the order in which they are offered. TextDecoder supports all of them. */
export const textEncodings = [
  'utf-8',
  'gb18030',
  'big5',
  'utf-16le',
  'utf-16be',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'windows-1252',
] as const;
export type TextEncodingName = (typeof textEncodings)[number];

export const isTextEncoding = (name: string | undefined): name is TextEncodingName =>
  textEncodings.some((known) => known === name);

/** Number of bytes at the start of a file used to guess its encoding. */
export const sampleBytes = 65_536;

function startsWith(bytes: Uint8Array, ...mark: number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}

/**
 * Returns the possible encodings of a file that begins with `sample`, most likely first. Among text encodings only
 * UTF-16 contains many NUL bytes: one in each ASCII character, such as a line break.
 */
export function encodingCandidates(sample: Uint8Array): TextEncodingName[] {
  if (startsWith(sample, 0xff, 0xfe)) return ['utf-16le'];
  if (startsWith(sample, 0xfe, 0xff)) return ['utf-16be'];
  const nuls = [0, 0];
  sample.forEach((byte, index) => {
    if (byte === 0) nuls[index % 2] = (nuls[index % 2] ?? 0) + 1;
  });
  const [even = 0, odd = 0] = nuls;
  if (even === 0 && odd === 0) return ['utf-8', 'gb18030', 'big5', ...neighbourEncodings];
  // Some Chinese characters have a NUL in the other byte (一 is 4E 00), so one side only has to outweigh the other.
  if (odd * 50 > sample.length && odd > 3 * even) return ['utf-8', 'utf-16le'];
  if (even * 50 > sample.length && even > 3 * odd) return ['utf-8', 'utf-16be'];
  return ['utf-8'];
}

/** Control characters that do not belong in text: all but tab, line breaks and form feed. They include ESC. */
const strangeControls = /[\u0000-\u0008\u000b\u000e-\u001f\u007f]/g;

/**
 * Whether decoded text looks like text: at most one strange control character in fifty, or in eight if the text is
 * UTF-8 with characters beyond ASCII, which binary data hardly ever decodes to.
 */
export function looksLikeText(text: string, encoding?: TextEncodingName): boolean {
  const controls = text.match(strangeControls)?.length ?? 0;
  return controls * (encoding === 'utf-8' && isBeyondAscii(text) ? 8 : 50) <= text.length;
}

const isBeyondAscii = (text: string): boolean => /[^\u0000-\u007f]/.test(text);

/** Whether the concatenated pieces are valid in the encoding, or would be if the last character were not cut off. */
export async function isValidIn(encoding: TextEncodingName, pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const piece of pieces) decoder.decode(piece, { stream: true });
    return true;
  } catch (error) {
    // The decoder throws a TypeError for invalid bytes. Any other error means that reading the file failed.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** How well a file's bytes fit an encoding. */
interface Fit {
  /** Invalid byte sequences, which decode to U+FFFD. A character cut off by the end of the file does not count. */
  invalid: number;
  /** Characters beyond ASCII that the bytes decode to, without U+FFFD. */
  characters: number;
}

async function fitOf(encoding: TextEncodingName, pieces: AsyncIterable<Uint8Array>): Promise<Fit> {
  const decoder = new TextDecoder(encoding);
  const fit: Fit = { invalid: 0, characters: 0 };
  for await (const piece of pieces) {
    const text = decoder.decode(piece, { stream: true });
    const invalid = text.match(/\ufffd/g)?.length ?? 0;
    fit.invalid += invalid;
    fit.characters += (text.match(/[^\u0000-\u007f]/g)?.length ?? 0) - invalid;
  }
  return fit;
}

/**
 * Whether bytes with errors are still text in the encoding, with at most one damaged place per ten characters beyond
 * ASCII.
 */
export async function isDamaged(encoding: TextEncodingName, pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
  const fit = await fitOf(encoding, pieces);
  return fit.invalid * 10 <= fit.characters;
}

/**
 * A damaged place at the start or after ASCII, before a letter that a double-byte encoding would read as a second byte.
 */
const beforeLetter = /(?<![^\u0000-\u007f])\ufffd(?=[A-Za-z])/g;
/** Two damaged places in a row inside a word. Before or after a space they may be a Chinese character. */
const pairInWord = /(?<=[A-Za-z])\ufffd\ufffd(?=[A-Za-z])/g;
/** Two damaged places in a row, anywhere. */
const pair = /(?<!\ufffd)\ufffd\ufffd(?=[^\ufffd])/g;
/** Characters kept from earlier pieces, so that a place and its neighbours are seen together. */
const overlap = 4;
/** Characters that UTF-8 encodes in three or four bytes. Other encodings' bytes hardly ever form such sequences. */
const longSequences = /[\u{800}-\u{fffc}\u{10000}-\u{10ffff}]/gu;

/**
 * Whether bytes that are invalid as UTF-8 are nevertheless UTF-8 with stray bytes, even if GB18030 or Big5 can read
 * them. Either the long sequences outnumber the invalid places of one or two bytes, or at most one character in fifty
 * is invalid and each such place precedes a letter, as if one or two bytes had been put into a word.
 */
export async function hasStrayBytes(pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
  const decoder = new TextDecoder('utf-8');
  const found = { length: 0, invalid: 0, pairs: 0, strays: 0, long: 0 };
  let last = '';
  for await (const piece of pieces) {
    const text = decoder.decode(piece, { stream: true });
    found.length += text.length;
    found.invalid += text.match(/\ufffd/g)?.length ?? 0;
    found.long += text.match(longSequences)?.length ?? 0;
    // Prepend the last characters of the earlier pieces, but count a place only once its next character is new.
    const joined = last + text;
    for (const { index } of joined.matchAll(beforeLetter)) if (index + 1 >= last.length) found.strays += 1;
    for (const { index } of joined.matchAll(pairInWord)) if (index + 2 >= last.length) found.strays += 2;
    for (const { index } of joined.matchAll(pair)) if (index + 2 >= last.length) found.pairs += 1;
    last = joined.slice(-overlap);
  }
  return (
    found.invalid - found.pairs < found.long || (found.invalid === found.strays && found.invalid * 50 <= found.length)
  );
}

/** Punctuation and the most frequent characters of Chinese text, simplified and traditional. */
const frequent = new Set(
  '，。、？！：；“”「」（）的一是不了在有人我他这這个個们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于於着下' +
    '自之年过過发發后後作里用道行所然家种種事成方多经經么麼去法学學如都同现現当當没起看定天分还還进進好小部其些主样樣理心本前开開但因' +
    '只从從想实實日者意无無力它与與长長把机十民第公此已工使情明性知全三又关關点點正业業外将將两兩高间間由问問很最重并物手应應',
);

/**
 * Counts the frequent Chinese characters in a text. Of two encodings that both fit, the right one yields more of them.
 */
export function plausibility(text: string): number {
  let count = 0;
  for (const character of text) if (frequent.has(character)) count += 1;
  return count;
}

/** One encoding's text must be this many times as plausible as another's to rule the other out. */
const clearly = 3;
/** With fewer frequent characters than this, a text is too short to judge. */
const enough = 5;
/**
 * In Chinese text, at least this share of the characters beyond ASCII is frequent, unless there are very few of them.
 */
const leastFrequent = 0.1;
const veryFew = 8;

/** Whether a text hardly has a frequent Chinese character, as if its bytes were in another encoding. */
export function isUnlikeChinese(text: string): boolean {
  const characters = text.match(/[^\u0000-\u007f]/gu)?.length ?? 0;
  return characters >= veryFew && plausibility(text) < leastFrequent * characters;
}

/**
 * Whether a text with `count` frequent characters is not clearly more plausible than one with `other` frequent
 * characters.
 */
export function isUnclear(count: number, other: number): boolean {
  return count < enough || count <= clearly * other;
}
