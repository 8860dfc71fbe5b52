import { formatOf, formatReader, type TextFormat } from '../../../src/domain/import/format';
import { literalRecords } from '../../../src/domain/import/literalRecords';
import type { RawRecord } from '../../../src/domain/import/recordReader';
import type { FileFacts } from '../../../src/domain/import/recognise';
import { encodingOfFile, textOfFile, unpackedFile, type FileText } from './fileText';
import { readSpreadsheet, type SpreadsheetFile } from './spreadsheet';

/** An unpacked text file, with its encoding and format. */
export interface TextDataFile extends FileText {
  file: File;
  format: TextFormat;
  facts: FileFacts;
}

export type DataFile = TextDataFile | SpreadsheetFile;

/**
 * Unpacks a file and recognises its encoding and format. `sheets` names the sheet to read from each workbook, by file
 * name. Throws import-failed if it is neither text nor a workbook.
 */
export async function openDataFile(packed: File, sheets: Readonly<Record<string, string>> = {}): Promise<DataFile> {
  const file = await unpackedFile(packed);
  const workbook = await readSpreadsheet(file, Object.hasOwn(sheets, file.name) ? sheets[file.name] : undefined);
  if (workbook) return workbook;
  const text = await encodingOfFile(file);
  const format = formatOf(file.name, text.head);
  const none = { sheets: [], sheet: null, mergedCells: 0, unreadableCells: 0 };
  return { ...text, file, format, facts: { file: file.name, format, encoding: text.encoding, ...none } };
}

/** Yields the records of a file, one list per chunk of bytes. Calls `read` with the number of bytes read so far. */
export async function* recordsOfFile(
  source: DataFile,
  read: (bytes: number) => void = () => undefined,
): AsyncGenerator<RawRecord[]> {
  if ('records' in source) {
    read(source.file.size);
    yield source.records;
    return;
  }
  const { file, format, encoding } = source;
  const reader = format === 'json' || format === 'literal' ? null : formatReader(format, file.name);
  const pieces: string[] = [];
  let isCut = false;
  for await (const { text, cut } of textOfFile(file, encoding, read)) {
    isCut ||= cut;
    if (reader) yield reader.push(text);
    else pieces.push(text);
  }
  if (!reader) {
    if (format === 'json' || format === 'literal') yield literalRecords(pieces.join(''), format);
    return;
  }
  const last = reader.end();
  // The file ends inside a character, so its last row is incomplete.
  if (isCut) last.push({ line: last.pop()?.line ?? 0, fault: 'file-cut' });
  yield last;
}
