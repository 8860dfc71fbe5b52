/** Quotes, dashes, ellipsis, euro sign, non-breaking space and guillemets of windows-1252. */
const punctuation = new Set([
  0x80, 0x82, 0x84, 0x85, 0x8b, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x99, 0x9b, 0xa0, 0xab, 0xbb,
]);
/** Signs that do not occur inside a word: ¡ £ § © ® ° ´ µ · ½ ¿. */
const signs = new Set([0xa1, 0xa3, 0xa7, 0xa9, 0xae, 0xb0, 0xb4, 0xb5, 0xb7, 0xbd, 0xbf]);
const upper = new Set([0x8a, 0x8c, 0x8e, 0x9f]);
const lower = new Set([0x9a, 0x9c, 0x9e]);
/** Largest share of letters beyond ASCII in a text of a Western European language. */
const mostBeyondAscii = 0.25;

const isUpper = (byte: number): boolean =>
  (byte >= 0x41 && byte <= 0x5a) || (byte >= 0xc0 && byte <= 0xde && byte !== 0xd7) || upper.has(byte);
const isLower = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0xdf && byte <= 0xfe && byte !== 0xf7) || lower.has(byte);
const isLetter = (byte: number): boolean => isUpper(byte) || isLower(byte);

/** Whether the byte is a plausible character between its neighbours. For example, no capital follows a small letter. */
function fits(before: number, byte: number, after: number): boolean {
  if (isUpper(byte)) return !isLower(before);
  if (signs.has(byte)) return !isLetter(before) || !isLetter(after);
  return isLower(byte) || punctuation.has(byte);
}

/** Whether a run of bytes beyond ASCII looks like Western characters. Frequent Chinese characters do not. */
function isWesternRun(before: number, run: readonly number[], after: number): boolean {
  const [first, second] = run;
  if (first === undefined) return true;
  if (second === undefined) return fits(before, first, after);
  const isFrequentHan = first >= 0xb0 && first <= 0xd7 && second >= 0xa1;
  return !isFrequentHan && fits(before, first, second) && fits(first, second, after);
}

/**
 * Whether bytes that are not valid UTF-8 look like windows-1252 text in a Western European language: letters with
 * accents, quotes and dashes, one or two together. Nearly all of them are also valid in GB18030, as rare characters.
 */
export async function isWesternText(pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
  let letters = 0;
  let beyond = 0;
  let before = 0;
  let run: number[] = [];
  for await (const piece of pieces)
    for (const byte of piece) {
      if (byte >= 0x80) {
        beyond += 1;
        if (run.push(byte) > 2) return false;
        continue;
      }
      if (run.length > 0 && !isWesternRun(before, run, byte)) return false;
      if (run.length > 0) run = [];
      if (isLetter(byte)) letters += 1;
      before = byte;
    }
  return isWesternRun(before, run, 0) && beyond > 0 && beyond <= mostBeyondAscii * (letters + beyond);
}
