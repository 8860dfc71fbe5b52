/** Encodings that are common in Chinese files and supported by a browser's TextDecoder. */
export type TextEncodingName = 'utf-8' | 'gb18030' | 'utf-16le' | 'utf-16be';

/** Number of bytes at the start of a file used to guess its encoding. */
export const sampleBytes = 65_536;

function startsWith(bytes: Uint8Array, ...mark: number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}

/**
 * Returns the possible encodings of a file that begins with `sample`, most likely first, or none for binary data. Among
 * text encodings only UTF-16 contains NUL bytes: in ASCII characters such as line breaks, every second byte is NUL.
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
  // Some Chinese characters have a NUL in the other byte (一 is 4E 00), so one side only has to outweigh the other.
  if (odd * 50 > sample.length && odd > 3 * even) return ['utf-16le'];
  if (even * 50 > sample.length && even > 3 * odd) return ['utf-16be'];
  return [];
}

/** Control characters that do not belong in text: all but tab, line breaks and form feed. Terminal escapes count. */
const strangeControls = /[\u0000-\u0008\u000b\u000e-\u001f\u007f]/g;

/** Whether decoded text looks like text: at most one strange control character in fifty. */
export function looksLikeText(text: string): boolean {
  return (text.match(strangeControls)?.length ?? 0) * 50 <= text.length;
}

/** Whether the concatenated pieces are valid in the encoding. Stops at the first error. */
export async function isValidIn(encoding: TextEncodingName, pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const piece of pieces) decoder.decode(piece, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    // The decoder throws a TypeError for invalid bytes. Any other error means that reading the file failed.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Replaces lone surrogates, which have no UTF-8 form and no hash, with U+FFFD, as decoders do with invalid bytes. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
