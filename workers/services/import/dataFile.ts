import { isTextEncoding, type TextEncodingName } from '../../../src/domain/import/encoding';
import { AppError } from '../../../src/domain/errors';
import { encodingKey, type FileReading, type RememberedReadings } from '../../../src/domain/import/fileReading';
import { formatOf, formatReader, type TextFormat } from '../../../src/domain/import/format';
import { literalRecords } from '../../../src/domain/import/literalRecords';
import type { RawRecord } from '../../../src/domain/import/recordReader';
import type { FileFacts } from '../../../src/domain/import/recognise';
import type { DataRole } from '../../../src/domain/records';
import { detectEncoding, textIn, textOfFile, unpackedFile, type FileText } from './fileText';
import { readSpreadsheet, type SpreadsheetFile } from './spreadsheet';

/** Encodings, sheets and delimiters that override detection. */
export interface ReadingChoices {
  /** Readings stated for individual files, by file name. */
  files?: Readonly<Record<string, FileReading>>;
  /** Readings chosen earlier for files that look alike. */
  readings?: RememberedReadings;
}

/** An unpacked text file, with its encoding and format. */
interface TextDataFile extends FileText {
  file: File;
  format: TextFormat;
  facts: FileFacts;
  stated: FileReading;
}

export type DataFile = TextDataFile | SpreadsheetFile;

/**
 * Encoding in which to show a file if no encoding fits, until the user names the right one. Every byte is valid in it.
 */
const provisional: TextEncodingName = 'windows-1252';

async function openText(
  file: File,
  roles: readonly DataRole[],
  stated: FileReading,
  choices: OpenOptions,
): Promise<TextDataFile> {
  const { best, alsoFits, unsure } = await detectEncoding(file);
  const detected = best?.encoding ?? null;
  const found = best ?? (await textIn(provisional, file));
  const formatIn = (head: string): TextFormat => (stated.delimiter === undefined ? formatOf(file.name, head) : 'csv');
  const keys = await Promise.all(roles.map((role) => encodingKey(role, formatIn(found.head), detected, found.head)));
  const chosen = stated.encoding ?? keys.map((key) => choices.readings?.[key]).find(isTextEncoding);
  if (chosen === undefined && detected === null && choices.guess !== true)
    throw new AppError({ kind: 'import-failed', file: file.name, fault: 'encoding-unknown' });
  const text = chosen === undefined || chosen === found.encoding ? found : await textIn(chosen, file);
  const format = formatIn(text.head);
  const facts: FileFacts = {
    file: file.name,
    format,
    encoding: text.encoding,
    detected,
    alsoFits,
    unsure,
    readingKey: keys[0] ?? '',
    readingChosen: chosen !== undefined && chosen !== detected,
    sheets: [],
    sheet: null,
    mergedCells: 0,
    unreadableCells: 0,
  };
  return { ...text, file, format, facts, stated };
}

interface OpenOptions extends ReadingChoices {
  /** Whether to read a file even if no encoding fits, so that the user can see it and name the right encoding. */
  guess?: boolean;
}

/**
 * Unpacks a file and opens it with the reading stated for it, else with a reading chosen earlier for similar files in
 * any role, else with the detected one. @throws import-failed if the file is neither text nor a workbook, or does not
 * match the stated reading.
 */
export async function openDataFile(
  packed: File,
  roles: readonly DataRole[],
  choices: OpenOptions = {},
): Promise<DataFile> {
  const file = await unpackedFile(packed);
  const { files = {} } = choices;
  const name = [packed.name, file.name].find((known) => Object.hasOwn(files, known)) ?? '';
  const stated = (Object.hasOwn(files, name) ? files[name] : undefined) ?? {};
  const refuse = (field: keyof FileReading): never => {
    throw new AppError({ kind: 'import-failed', file: file.name, fault: 'reading-unused', field });
  };
  const workbook = await readSpreadsheet(file, roles, stated, choices.readings ?? {});
  if (!workbook) return stated.sheet === undefined ? openText(file, roles, stated, choices) : refuse('sheet');
  if (stated.encoding !== undefined) return refuse('encoding');
  return stated.delimiter === undefined ? workbook : refuse('delimiter');
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
  const { file, format, encoding, stated } = source;
  const reader = format === 'json' || format === 'literal' ? null : formatReader(format, file.name, stated.delimiter);
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
  yield isCut ? withoutCutRow(last) : last;
}

/**
 * Returns the last records of a file that ends inside a character, with a report in place of the incomplete row. The
 * cut character was read as U+FFFD. It may be in a heading, which makes no row.
 */
function withoutCutRow(records: readonly RawRecord[]): RawRecord[] {
  const at = records.findLastIndex((record) => 'value' in record && JSON.stringify(record.value).includes('\ufffd'));
  const report: RawRecord = { line: records[at]?.line ?? records.at(-1)?.line ?? 0, fault: 'file-cut' };
  return at === -1 ? [...records, report] : records.map((record, index) => (index === at ? report : record));
}
