/** Encodings that a browser's TextDecoder knows and Chinese files come in. */
export type TextEncodingName = 'utf-8' | 'gb18030' | 'utf-16le' | 'utf-16be';

/** Bytes that decide about an encoding. */
export const sampleBytes = 65_536;

function startsWith(bytes: Uint8Array, ...mark: number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}

/**
 * Encodings in which a file that begins with `sample` may be, most likely first; none for bytes that are no text. A NUL is in
 * no text but UTF-16, whose ASCII characters (line ends, brackets) have it in every second byte.
 */
export function encodingCandidates(sample: Uint8Array): TextEncodingName[] {
  if (startsWith(sample, 0xff, 0xfe)) return ['utf-16le'];
  if (startsWith(sample, 0xfe, 0xff)) return ['utf-16be'];
  const nuls = [0, 0];
  sample.forEach((byte, index) => {
    if (byte === 0) nuls[index % 2] = (nuls[index % 2] ?? 0) + 1;
  });
  const [even = 0, odd = 0] = nuls;
  if (even === 0 && odd === 0) return ['utf-8', 'gb18030'];
  // A few Chinese characters have a NUL in the other byte (一 is 4E 00), so one side only has to outweigh the other.
  if (odd * 50 > sample.length && odd > 3 * even) return ['utf-16le'];
  if (even * 50 > sample.length && even > 3 * odd) return ['utf-16be'];
  return [];
}

/** Control characters that text files hold: tab, line ends, form feed, and the escape of terminals is not one of them. */
const strangeControls = /[\u0000-\u0008\u000b\u000e-\u001f\u007f]/g;

/** Whether decoded text reads like text: more than one strange control character in fifty is no one's notes. */
export function looksLikeText(text: string): boolean {
  return (text.match(strangeControls)?.length ?? 0) * 50 <= text.length;
}

/** Whether all pieces together are valid in the encoding. Stops at the first that is not. */
export async function isValidIn(encoding: TextEncodingName, pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const piece of pieces) decoder.decode(piece, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    // The decoder reports bytes that have no meaning as TypeError; anything else is the file's own failure to be read.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Lone halves of surrogate pairs cannot be stored as UTF-8 nor hashed: they become U+FFFD, as every decoder does with broken bytes. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
