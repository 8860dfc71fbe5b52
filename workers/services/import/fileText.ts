import { AppError } from '../../../src/domain/errors';
import {
  encodingCandidates,
  hasStrayBytes,
  isDamaged,
  isUnclear,
  isUnlikeChinese,
  isValidIn,
  looksLikeText,
  plausibility,
  sampleBytes,
  type TextEncodingName,
} from '../../../src/domain/import/encoding';
import { isNeighbourEncoding, neighbourPlausibility } from '../../../src/domain/import/neighbourScripts';
import { isWesternText } from '../../../src/domain/import/westernText';
import { fileTypeOf, isArchivePart, type FileType } from '../../../src/domain/import/fileType';

async function* fileBytes(file: Blob): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
  } finally {
    // The caller may stop before the end.
    await reader.cancel();
  }
}

/**
 * Returns the file, unpacked if its content is gzip.
 * @throws import-failed gzip-broken if the file is damaged or cut off.
 */
export async function unpackedFile(file: File): Promise<File> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (first !== 0x1f || second !== 0x8b) return file;
  try {
    const content = await new Response(file.stream().pipeThrough(new DecompressionStream('gzip'))).blob();
    return new File([content], file.name.replace(/\.gz$/i, ''));
  } catch (cause) {
    throw new AppError({ kind: 'import-failed', file: file.name, fault: 'gzip-broken' }, { cause });
  }
}

export interface FileText {
  encoding: TextEncodingName;
  /** The characters at the start of the file. */
  head: string;
  /** Whether some bytes are not valid in the encoding. They are read as U+FFFD. */
  damaged: boolean;
}

/** The encodings that fit a file. */
interface Detection {
  /** The detected encoding, or null if none fits and the user has to name it. */
  best: FileText | null;
  /** Other encodings in which all bytes are valid. Many texts are valid in both GB18030 and Big5. */
  alsoFits: TextEncodingName[];
  /** Whether the text in one of the other encodings is about as plausible. */
  unsure: boolean;
}

/** Reads the beginning of a file in a given encoding. */
export async function textIn(encoding: TextEncodingName, file: File): Promise<FileText> {
  const sample = new Uint8Array(await file.slice(0, sampleBytes).arrayBuffer());
  const head = new TextDecoder(encoding).decode(sample, { stream: true });
  return { encoding, head, damaged: !(await isValidIn(encoding, fileBytes(file))) };
}

/** Returns the type of a file that is not text, or null if it is. */
export async function typeOfFile(file: File): Promise<FileType | null> {
  const head = new Uint8Array(await file.slice(0, sampleBytes).arrayBuffer());
  const tail = new Uint8Array(await file.slice(-sampleBytes).arrayBuffer());
  const type = fileTypeOf(head, tail);
  // A part of an archive is useless without the others, whatever its bytes look like. But a text file may have such a
  // name by chance.
  return isArchivePart(file.name) && (type !== null || head.includes(0)) ? 'archivePart' : type;
}

/** Whether a file that is not valid UTF-8 is UTF-8 with a few damaged places. */
const isDamagedUtf8 = async (file: File): Promise<boolean> =>
  (await isDamaged('utf-8', fileBytes(file))) || (await hasStrayBytes(fileBytes(file)));

/** A possible encoding of a file, with the number of characters that are evidence for it. */
type Candidate = FileText & { plausibility: number };

/**
 * Sorts the encodings that fit, the most plausible first. Korean and Japanese come first only if they are clearly more
 * plausible than Chinese, and are left out if they are less plausible.
 */
function ranked(fitting: readonly Candidate[]): Candidate[] {
  const byPlausibility = (a: Candidate, b: Candidate): number => b.plausibility - a.plausibility;
  const chinese = fitting.filter(({ encoding }) => !isNeighbourEncoding(encoding)).sort(byPlausibility);
  const most = chinese[0]?.plausibility ?? 0;
  const neighbours = fitting
    .filter(({ encoding, plausibility: count }) => isNeighbourEncoding(encoding) && count > most)
    .sort(byPlausibility);
  return isUnclear(neighbours[0]?.plausibility ?? 0, most) ? [...chinese, ...neighbours] : [...neighbours, ...chinese];
}

/**
 * Detects the encoding of a file. UTF-8 wins even if a few bytes are damaged, because nearly all bytes are valid in
 * GB18030. Text in a Western European language is read as windows-1252. Of GB18030 and Big5, the one that yields more
 * common characters wins, unless the text is clearly Korean or Japanese.
 * @throws import-failed wrong-type or binary-file.
 */
export async function detectEncoding(file: File): Promise<Detection> {
  const sample = new Uint8Array(await file.slice(0, sampleBytes).arrayBuffer());
  const fileType = await typeOfFile(file);
  if (fileType) throw new AppError({ kind: 'import-failed', file: file.name, fault: 'wrong-type', fileType });
  const fitting: Candidate[] = [];
  let isWestern = false;
  for (const encoding of encodingCandidates(sample)) {
    const head = new TextDecoder(encoding).decode(sample, { stream: true });
    if (!looksLikeText(head, encoding)) continue;
    const valid = await isValidIn(encoding, fileBytes(file));
    if (encoding === 'utf-8' && !valid) isWestern = await isWesternText(fileBytes(file));
    const damaged = !valid && encoding === 'utf-8' && !isWestern && (await isDamagedUtf8(file));
    const count = isNeighbourEncoding(encoding) ? neighbourPlausibility(encoding, head) : plausibility(head);
    if (valid || damaged) fitting.push({ encoding, head, damaged, plausibility: count });
    if (encoding === 'utf-8' && (valid || damaged)) break;
  }
  const others = ranked(fitting);
  const best = isWestern ? await textIn('windows-1252', file) : others.shift();
  // Every byte is a Latin-1 character. If the bytes look like text in Latin-1, only the encoding is unknown.
  if (!best && !looksLikeText(new TextDecoder('latin1').decode(sample)))
    throw new AppError({ kind: 'import-failed', file: file.name, fault: 'binary-file' });
  return { best: best ?? null, alsoFits: others.map(({ encoding }) => encoding), unsure: isUnsure(best, others) };
}

function isUnsure(best: FileText | undefined, others: readonly Candidate[]): boolean {
  if (!best) return false;
  const count = isNeighbourEncoding(best.encoding)
    ? neighbourPlausibility(best.encoding, best.head)
    : plausibility(best.head);
  const isChinese = best.encoding === 'gb18030' || best.encoding === 'big5';
  return others.some((other) => isUnclear(count, other.plausibility)) || (isChinese && isUnlikeChinese(best.head));
}

/** Decodes a file piece by piece. `cut` is true for a last piece that ends inside a character. */
export async function* textOfFile(
  file: File,
  encoding: TextEncodingName,
  read: (bytes: number) => void,
): AsyncGenerator<{ text: string; cut: boolean }> {
  const decoder = new TextDecoder(encoding);
  let bytes = 0;
  for await (const piece of fileBytes(file)) {
    bytes += piece.length;
    yield { text: decoder.decode(piece, { stream: true }), cut: false };
    read(bytes);
  }
  const rest = decoder.decode();
  if (rest !== '') yield { text: rest, cut: true };
}
