import { formatOf, readerOf } from '../../../src/domain/import/format';
import { literalRecords } from '../../../src/domain/import/literalRecords';
import type { ImportFormat, RawRecord } from '../../../src/domain/import/reading';
import { encodingOf, textOf, unpacked, type FileText } from './readText';

/** A data file, unpacked, with its encoding and format. */
export interface TextFile extends FileText {
  file: File;
  format: ImportFormat;
}

/** Recognizes the encoding and format of a file. Throws import-failed if it is not text. */
export async function openText(packed: File): Promise<TextFile> {
  const file = await unpacked(packed);
  const text = await encodingOf(file);
  return { ...text, file, format: formatOf(file.name, text.head) };
}

/** Yields the records of a file, one list per chunk of bytes. Calls `read` with the number of bytes read so far. */
export async function* recordsOf(
  { file, format, encoding }: TextFile,
  read: (bytes: number) => void = () => undefined,
): AsyncGenerator<RawRecord[]> {
  const reader = format === 'json' || format === 'literal' ? null : readerOf(format, file.name);
  const pieces: string[] = [];
  let isCut = false;
  for await (const { text, cut } of textOf(file, encoding, read)) {
    isCut ||= cut;
    if (reader) yield reader.push(text);
    else pieces.push(text);
  }
  if (!reader) {
    if (format === 'json' || format === 'literal') yield literalRecords(pieces.join(''), format);
    return;
  }
  const last = reader.end();
  // The rest of the last row is missing, from inside a character on.
  if (isCut) last.push({ line: last.pop()?.line ?? 0, fault: 'file-cut' });
  yield last;
}
