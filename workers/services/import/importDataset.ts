import { AppError } from '../../../src/domain/errors';
import { RowCollector, type ReadOptions } from '../../../src/domain/import/columns';
import {
  encodingCandidates,
  isValidIn,
  looksLikeText,
  sampleBytes,
  type TextEncodingName,
} from '../../../src/domain/import/encoding';
import { formatOf, readerOf } from '../../../src/domain/import/format';
import { literalRecords } from '../../../src/domain/import/literal';
import type { MappingsByShape } from '../../../src/domain/import/mapping';
import type { RawRecord, TextFormat } from '../../../src/domain/import/reading';
import { recognise, surveyedRecords, type FileFacts, type Recognition } from '../../../src/domain/import/recognise';
import type { DataRole, Dataset } from '../../../src/domain/records';
import { passageLookup, resolveRelevant, type PassageLookup } from '../../../src/domain/split/relevant';
import type { ImportReport, LeftOut, Progress, RejectedRow } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { getDataset, readRows } from '../../../src/storage/datasets';
import { DatasetWriter } from './datasetWriter';
import { withHead } from './recordStream';
import { readSpreadsheet } from './spreadsheet';

/** Limit on rejections listed in a report. All are counted. */
const listedRejections = 1000;
/** Limit on the characters quoted in a report, for example of a passage that was not found. */
const excerptLength = 80;
const excerpt = (text: string): string => text.slice(0, excerptLength);

class Rejections {
  readonly listed: RejectedRow[] = [];
  #rows = 0;
  #references = 0;

  #list(row: RejectedRow): void {
    if (this.listed.length < listedRejections) this.listed.push(row);
  }

  add(row: RejectedRow): void {
    this.#rows += 1;
    this.#list(row);
  }

  /** Reports a reference that was ignored, of a row that is kept. */
  ignore(place: Omit<RejectedRow, 'fault' | 'field'>, reference: string): void {
    this.#references += 1;
    this.#list({ ...place, fault: 'reference-ignored', field: excerpt(reference) });
  }

  get leftOut(): LeftOut {
    return { rejected: this.listed, rejectedCount: this.#rows, ignoredCount: this.#references };
  }
}

async function* bytesOf(file: Blob): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
}

async function encodingOf(file: File): Promise<{ encoding: TextEncodingName; head: string }> {
  const sample = new Uint8Array(await file.slice(0, sampleBytes).arrayBuffer());
  const candidates = encodingCandidates(sample);
  for (const encoding of candidates) {
    if (!(await isValidIn(encoding, bytesOf(file)))) continue;
    const head = new TextDecoder(encoding).decode(sample);
    if (looksLikeText(head)) return { encoding, head };
  }
  // Every byte is a Latin-1 character. If the bytes look like text in Latin-1, only the encoding is unknown.
  const isText = candidates.length > 0 && looksLikeText(new TextDecoder('latin1').decode(sample));
  throw new AppError({ kind: 'import-failed', file: file.name, fault: isText ? 'encoding-unknown' : 'binary-file' });
}

/** Yields the records of a file, one list per chunk of bytes. Calls `read` with the number of bytes read so far. */
async function* recordsOf(
  file: File,
  format: TextFormat,
  encoding: TextEncodingName,
  read: (bytes: number) => void,
): AsyncGenerator<RawRecord[]> {
  const decoder = new TextDecoder(encoding);
  const reader = format === 'json' || format === 'literal' ? null : readerOf(format, file.name);
  const pieces: string[] = [];
  let bytes = 0;
  for await (const piece of bytesOf(file)) {
    bytes += piece.length;
    const text = decoder.decode(piece, { stream: true });
    if (reader) yield reader.push(text);
    else pieces.push(text);
    read(bytes);
  }
  if (reader) yield reader.end();
  else if (format === 'json' || format === 'literal') yield literalRecords(pieces.join(''), format);
}

interface Source {
  facts: FileFacts;
  /** The beginning of the text; empty if there is none. */
  head: string;
  records: (read: (bytes: number) => void) => AsyncIterable<RawRecord[]> | Iterable<RawRecord[]>;
}

/** Recognises the format and encoding of a file. `sheet` names the sheet to read of a workbook. */
export async function openSource(file: File, sheet?: string): Promise<Source> {
  const workbook = await readSpreadsheet(file, sheet);
  if (workbook) {
    const { facts, head, records } = workbook;
    return { facts, head, records: () => [records] };
  }
  const { encoding, head } = await encodingOf(file);
  const format = formatOf(file.name, head);
  const none = { sheets: [], sheet: null, mergedCells: 0, unreadableCells: 0 };
  const facts: FileFacts = { file: file.name, format, encoding, ...none };
  return { facts, head, records: (read) => recordsOf(file, format, encoding, read) };
}

export interface ImportSettings extends ReadOptions {
  /** Columns chosen by the user, by the shape of the files that they apply to. */
  mappings?: MappingsByShape;
  /** Sheets chosen by the user, by file name. */
  sheets?: Readonly<Record<string, string>>;
}

interface ImportJob<R extends DataRole> {
  role: R;
  settings: ImportSettings;
  collector: RowCollector<R>;
  writer: DatasetWriter;
  rejections: Rejections;
}

/** Reads one file into the data set. Throws if the file has no usable row. */
async function importFile<R extends DataRole>(
  file: File,
  job: ImportJob<R>,
  read: (bytes: number) => void,
): Promise<Recognition> {
  const { role, settings } = job;
  const { facts, head, records: recordsIn } = await openSource(file, settings.sheets?.[file.name]);
  let recognised: Recognition | null = null;
  let count = 0;
  const rowsBefore = job.writer.rows;
  let firstRejection: RejectedRow | null = null;
  for await (const records of withHead(recordsIn(read), surveyedRecords)) {
    count += records.length;
    if (!recognised) {
      recognised = await recognise(role, facts, records, settings.mappings);
      job.collector.useMapping(recognised.chosen ? recognised.mapping : null);
    }
    for (const record of records) {
      const result = 'fault' in record ? record : job.collector.rowsOf(record.value);
      const place = { file: file.name, line: record.line };
      if ('rows' in result) {
        for (const row of result.rows) job.writer.add(row);
        for (const reference of result.ignored) job.rejections.ignore(place, reference);
      } else {
        const rejection: RejectedRow = { ...place, ...shortened(result) };
        job.rejections.add(rejection);
        firstRejection ??= rejection;
      }
    }
  }
  if (!recognised || job.writer.rows === rowsBefore) throw wholeFileFault(file.name, firstRejection, head);
  return { ...recognised, records: count };
}

/** Returns a fault with its quoted text cut to the length that a report allows. */
function shortened({ fault, field, expected }: Omit<RejectedRow, 'file'>): Omit<RejectedRow, 'file'> {
  return {
    fault,
    ...(field === undefined ? {} : { field: excerpt(field) }),
    ...(expected === undefined ? {} : { expected }),
  };
}

function wholeFileFault(file: string, rejection: RejectedRow | null, head: string): AppError {
  if (!rejection)
    return new AppError({ kind: 'import-failed', file, fault: head.trim() === '' ? 'empty-file' : 'no-rows' });
  const { line: _line, ...ofFile } = rejection;
  switch (rejection.fault) {
    case 'no-known-columns':
    case 'needs-knowledge-base':
      return new AppError({ kind: 'import-failed', ...ofFile });
    case 'unknown-passage':
      return new AppError({ kind: 'import-failed', ...ofFile, fault: 'no-known-passage' });
    default:
      return new AppError({ kind: 'import-failed', ...rejection });
  }
}

/** Returns the lookup by which pairs and questions find the passages of a stored knowledge base. */
export async function storedPassages(db: Database, knowledgeBase: string): Promise<PassageLookup> {
  return passageLookup(await readRows(db, 'knowledgeBase', knowledgeBase));
}

/**
 * Reads files into one data set. Usable rows are kept; the others are reported with file and line. If a knowledge base
 * is given, questions keep only the references to its passages.
 * @throws import-failed if a file is empty, is not text, or has no usable row.
 */
export async function importDataset(
  db: Database,
  files: File[],
  role: DataRole,
  progress: Progress,
  settings: ImportSettings = {},
): Promise<ImportReport> {
  const of = files.reduce((sum, file) => sum + file.size, 0);
  const name = files.map((file) => file.name).join(', ');
  const job = {
    role,
    settings,
    collector: new RowCollector(role, settings),
    writer: await DatasetWriter.open(role, name),
    rejections: new Rejections(),
  };
  let before = 0;
  const recognised: Recognition[] = [];
  for (const file of files) {
    recognised.push(await importFile(file, job, (bytes) => progress(before + bytes, of)));
    before += file.size;
  }
  const [first] = recognised;
  if (!first) throw new AppError({ kind: 'import-failed', file: '', fault: 'empty-file' });
  const dataset = await job.writer.finish(db);
  return { dataset, ...job.rejections.leftOut, format: first.format, encoding: first.encoding, recognised };
}

async function datasetOf(db: Database, role: DataRole, contentSha256: string): Promise<Dataset> {
  const dataset = await getDataset(db, contentSha256);
  if (!dataset) throw new AppError({ kind: 'data-missing', role, contentSha256 });
  return dataset;
}

/**
 * Stores the questions as a data set whose references are all in the knowledge base; if nothing changes, that is the
 * same data set. Unknown references are reported by question number (from 1), because line numbers are not stored.
 */
export async function checkQuestions(
  db: Database,
  questions: string,
  knowledgeBase: string,
): Promise<LeftOut & { kept: Dataset | null }> {
  const dataset = await datasetOf(db, 'questions', questions);
  const rows = await readRows(db, 'questions', questions);
  const { kept, unknown } = resolveRelevant(rows, await storedPassages(db, knowledgeBase));
  const rejections = new Rejections();
  let dropped = -1;
  for (const one of unknown) {
    const place = { file: dataset.name, question: one.index + 1 };
    if (!one.dropped) rejections.ignore(place, one.reference);
    else if (one.index !== dropped)
      rejections.add({ ...place, fault: 'unknown-passage', field: excerpt(one.reference) });
    if (one.dropped) dropped = one.index;
  }
  if (kept.length === 0) return { kept: null, ...rejections.leftOut };
  const writer = await DatasetWriter.open('questions', dataset.name);
  for (const row of kept) writer.add(row);
  return { kept: await writer.finish(db), ...rejections.leftOut };
}
