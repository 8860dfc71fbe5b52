import { AppError } from '../../../src/domain/errors';
import { bundleFaults, unbundled } from '../../../src/domain/import/bundle';
import { RowCollector } from '../../../src/domain/import/rowCollector';
import { namedCells } from '../../../src/domain/import/cells';
import { ColumnValues } from '../../../src/domain/import/columnValues';
import type { DraftOptions } from '../../../src/domain/import/drafts';
import { columnsByField } from '../../../src/domain/import/fileReading';
import { withField, type ColumnMapping } from '../../../src/domain/import/mapping';
import type { MappingsByShape } from '../../../src/domain/import/mappingStore';
import { judgementOf } from '../../../src/domain/import/judgements';
import { QuestionMerger } from '../../../src/domain/import/questionMerger';
import type { RawRecord } from '../../../src/domain/import/recordReader';
import { recognise, surveyedRecords, type Recognition } from '../../../src/domain/import/recognise';
import { shaped } from '../../../src/domain/import/shapes';
import { keptFields, type DataRole, type SourceFile } from '../../../src/domain/records';
import type { PassageLookup } from '../../../src/domain/split/passageLookup';
import type { ImportReport, Progress, RejectedRow } from '../../../src/protocol/dataApi';
import type { Database } from '../../../src/storage/database';
import { requireStorage } from '../../../src/storage/space';
import { DatasetWriter } from './datasetWriter';
import { judgedFiles, judgementsUnread } from './judgedFiles';
import { openDataFile, recordsOfFile, type DataFile, type ReadingChoices } from './dataFile';
import { recordsWithHead } from './recordsWithHead';
import { noted, rejectionExcerpt, Rejections, shortenedRejection, type RejectionPlace } from './rejections';

export interface ImportDatasetSettings extends DraftOptions, ReadingChoices {
  /** Columns chosen by the user, by the shape of the files to which they apply. */
  mappings?: MappingsByShape;
  /** Columns of ids that a survey has found by their values, by file name. */
  idColumns?: Readonly<Record<string, string>>;
}

interface ImportJob<R extends DataRole> {
  role: R;
  mappings: MappingsByShape | undefined;
  idColumns: ReadonlyMap<DataFile, string>;
  /** Knowledge base in which the rows' references are looked up. Undefined if judgement files hold the references. */
  passages: PassageLookup | undefined;
  collector: RowCollector<R>;
  writer: DatasetWriter;
  rejections: Rejections;
  /** Keeps questions until all files are read, because later rows may add passages to them. */
  questions: QuestionMerger<RejectionPlace>;
}

/** Whether a record is only a remark about others, and therefore not counted as a record of the file. */
function isNote(record: RawRecord): boolean {
  return 'fault' in record && noted.has(record.fault);
}

/**
 * Adds the rows of one record, or reports why it has none. Returns the number of rows and the first rejection, if any.
 */
function takeRecord<R extends DataRole>(
  record: RawRecord,
  file: string,
  job: ImportJob<R>,
): { rows: number; rejection: RejectedRow | null } {
  const { rejections, collector } = job;
  const place = record.line > 0 ? { file, line: record.line } : { file };
  if ('fault' in record && isNote(record)) {
    rejections.note(place, shortenedRejection(record));
    return { rows: 0, rejection: null };
  }
  for (const fault of 'fault' in record ? [] : bundleFaults(job.role, record.value)) {
    if (noted.has(fault.fault)) rejections.note(place, shortenedRejection(fault));
    else rejections.add({ ...place, ...shortenedRejection(fault) });
  }
  let rows = 0;
  let rejection: RejectedRow | null = null;
  for (const value of 'fault' in record ? [null] : unbundled(job.role, record.value)) {
    const result = 'fault' in record ? record : collector.rowsOf(value, record.line);
    if (!('rows' in result)) {
      rejections.add({ ...place, ...shortenedRejection(result) });
      rejection ??= { ...place, ...shortenedRejection(result) };
      continue;
    }
    rows += result.rows.length;
    for (const row of result.rows) {
      if (!('relevant' in row)) job.writer.add(row);
      else if (job.questions.add(row, place)) rejections.note(place, { fault: 'questions-merged', field: row.id });
    }
    for (const reference of result.ignored) rejections.ignore(place, reference);
    for (const reference of result.unknownNegatives) rejections.ignore(place, reference, 'negative-ignored');
    for (const fault of result.rounded) rejections.note(place, shortenedRejection(fault));
  }
  return { rows, rejection };
}

/**
 * Reads one file into the data set and returns how its columns were recognised. Throws if the file has no usable row.
 */
async function importFile<R extends DataRole>(
  source: DataFile,
  job: ImportJob<R>,
  read: (bytes: number) => void,
): Promise<Recognition> {
  const { file, facts, damaged, head, stated } = source;
  const unseen = new Set(stated.mapping?.map(({ column }) => column));
  let recognised: Recognition | null = null;
  let count = 0;
  let rows = 0;
  let firstRejection: RejectedRow | null = null;
  let isJudgement = false;
  for await (const records of recordsWithHead(recordsOfFile(source, read), surveyedRecords)) {
    count += records.filter((record) => !isNote(record)).length;
    if (!recognised) {
      recognised = await recognise(job.role, facts, records, job.mappings, stated.mapping);
      const byContent = recognised.chosen
        ? null
        : (withJudgedId(recognised.mapping, job.idColumns.get(source)) ??
          withReferences(job.role, recognised.mapping, records, job.passages));
      if (byContent) recognised = { ...recognised, mapping: byContent };
      job.collector.useMapping(recognised.chosen || byContent ? recognised.mapping : null);
    }
    for (const record of records) {
      const taken = takeRecord(record, file.name, job);
      if (firstRejection === null && taken.rejection && 'value' in record)
        isJudgement = judgementOf(record.value) !== null;
      if (unseen.size > 0 && 'value' in record) withoutSeen(unseen, job.role, record.value);
      rows += taken.rows;
      firstRejection ??= taken.rejection;
      if (damaged && taken.rows > 0 && 'value' in record && isDamagedRecord(record.value))
        job.rejections.note({ file: file.name, line: record.line }, { fault: 'bytes-replaced' });
    }
  }
  if (recognised) for (const field of unseen) throw columnMissing(file.name, field, recognised.columns);
  if (!recognised || rows === 0) throw wholeFileFault(file.name, firstRejection, head, isJudgement);
  const used = job.collector.usedColumns();
  job.rejections.notes(file.name, job.collector.fileNotes());
  return { ...(recognised.chosen ? recognised : withUsed(recognised, used)), records: count };
}

/** Returns the recognition without columns that no row used, because another column always filled their field. */
function withUsed(recognised: Recognition, used: ReadonlySet<string>): Recognition {
  if (!recognised.named) return recognised;
  const isUsed = ({ column, field }: ColumnMapping[number]): boolean =>
    used.has(column) || !recognised.mapping.some((one) => one.field === field && used.has(one.column));
  return {
    ...recognised,
    mapping: recognised.mapping.filter(isUsed),
    proposal: recognised.proposal.filter(isUsed),
  };
}

/**
 * Returns the mapping with `idColumn`, the column that judgements refer to, as the id. Returns null if there is no such
 * column or it is already the id.
 */
function withJudgedId(mapping: ColumnMapping, idColumn: string | undefined): ColumnMapping | null {
  const byName = mapping.find(({ field }) => field === 'id')?.column;
  return idColumn === undefined || idColumn === byName ? null : withField(mapping, idColumn, 'id');
}

/**
 * Returns the mapping with a column that names passages, found by its values, if no column has a known name for that.
 * Returns null if there is no such column, or none is needed.
 */
function withReferences(
  role: DataRole,
  mapping: ColumnMapping,
  records: readonly RawRecord[],
  passages: PassageLookup | undefined,
): ColumnMapping | null {
  const field = role === 'questions' ? 'relevant' : role === 'pairs' ? 'positiveId' : null;
  const isFilled = mapping.some((one) => one.field === field || one.field === 'positive');
  if (field === null || !passages || isFilled) return null;
  const values = new ColumnValues();
  for (const record of records)
    for (const value of 'value' in record ? unbundled(role, record.value) : [])
      for (const row of shaped(value) ?? [])
        if (typeof row === 'object' && row !== null && !Array.isArray(row)) values.add(Object.entries(row));
  const used = mapping.flatMap((one) => (keptFields.some((kept) => kept === one.field) ? [] : [one.column]));
  const column = values.columnOfIds(passages.textOf, used);
  return column === null ? null : withField(mapping, column, field);
}

/** Removes the columns of a record from `columns`. */
function withoutSeen(columns: Set<string>, role: DataRole, record: unknown): void {
  const rows = unbundled(role, record).flatMap((value) => shaped(value) ?? []);
  for (const row of rows) for (const name of namedCells(role, row)?.keys() ?? []) columns.delete(name);
}

function columnMissing(file: string, field: string, columns: readonly string[]): AppError {
  return new AppError({ kind: 'import-failed', file, fault: 'column-missing', field, expected: columns.join(', ') });
}

/**
 * Returns the record of a source file with the user's choices for it. Files of judgements have no columns to choose.
 */
function sourceOf(path: string, { facts, stated }: DataFile, recognised: readonly Recognition[]): SourceFile {
  const { sheet, encoding, readingChosen } = facts;
  const found = recognised.find(({ file }) => file === facts.file);
  return {
    path,
    ...(found?.chosen ? { columns: columnsByField(found.mapping) } : {}),
    ...(readingChosen && sheet !== null ? { sheet } : {}),
    ...(readingChosen && encoding !== null ? { encoding } : {}),
    ...(stated.delimiter === undefined ? {} : { delimiter: stated.delimiter }),
  };
}

function surveyedColumns(files: readonly DataFile[], found: Readonly<Record<string, string>>): [DataFile, string][] {
  return files.flatMap((source) => {
    const { name } = source.file;
    return Object.hasOwn(found, name) && found[name] !== undefined ? [[source, found[name]]] : [];
  });
}

const isDamagedRecord = (value: unknown): boolean => JSON.stringify(value).includes('\ufffd');

/**
 * Returns the error for a file without a usable row. `isJudgement`: whether the first rejected record is a judgement.
 */
function wholeFileFault(file: string, rejection: RejectedRow | null, head: string, isJudgement: boolean): AppError {
  if (!rejection)
    return new AppError({ kind: 'import-failed', file, fault: head.trim() === '' ? 'empty-file' : 'no-rows' });
  const { line: _line, ...ofFile } = rejection;
  switch (rejection.fault) {
    case 'no-known-columns':
      return new AppError({ kind: 'import-failed', ...(isJudgement ? { file, fault: 'judgements-alone' } : ofFile) });
    case 'needs-knowledge-base':
    case 'scored-pairs':
      return new AppError({ kind: 'import-failed', ...ofFile });
    case 'unknown-passage':
      return new AppError({ kind: 'import-failed', ...ofFile, fault: 'no-known-passage' });
    default:
      return new AppError({ kind: 'import-failed', ...rejection });
  }
}

/** Writes the collected questions. Call once all rows are read. Throws if no question has a relevant passage. */
function writeQuestions({ questions: held, writer, rejections }: ImportJob<DataRole>): void {
  const { questions, unanswered, differing } = held.finish();
  for (const place of differing) rejections.note(place, { fault: 'kept-differs' });
  const [first] = unanswered;
  if (first && unanswered.length === questions.length)
    throw new AppError({ kind: 'import-failed', ...first.place, fault: 'relevant-missing', field: 'relevant' });
  for (const question of questions) writer.add(question);
  for (const { id, place } of unanswered) rejections.note(place, { fault: 'question-unanswered', field: id });
}

/**
 * Reads files into one data set. Usable rows are kept; the others are reported with file and line. If a knowledge base
 * is given, questions keep only the references to its passages. Files of judgements (qrels) apply to the other files.
 * @throws import-failed if a file is empty, is not text, or has no usable row.
 */
export async function importDataset(
  db: Database,
  files: File[],
  role: DataRole,
  progress: Progress,
  { mappings, files: stated = {}, readings = {}, idColumns: found = {}, ...options }: ImportDatasetSettings = {},
): Promise<ImportReport> {
  const name = files.map((file) => file.name).join(', ');
  // Rows are stored as text with two bytes per character.
  await requireStorage(files.reduce((sum, file) => sum + file.size, 0) * 2);
  const opened: DataFile[] = [];
  for (const file of files) opened.push(await openDataFile(file, [role], { files: stated, readings }));
  const rejections = new Rejections();
  const { rows, judgements, idColumns } = await judgedFiles(opened, role, options.passages, rejections);
  const judged = judgements ? { ...options, judged: judgements.of } : options;
  const writer = await DatasetWriter.open(role, name);
  const job = {
    role,
    mappings,
    idColumns: new Map([...surveyedColumns(rows, found), ...idColumns]),
    passages: judgements ? undefined : options.passages,
    collector: new RowCollector(role, judged),
    writer,
    rejections,
    questions: new QuestionMerger<RejectionPlace>(),
  };
  const of = rows.reduce((sum, { file }) => sum + file.size, 0);
  let before = 0;
  const recognised: Recognition[] = [];
  for (const source of rows) {
    try {
      recognised.push(await importFile(source, job, (bytes) => progress(before + bytes, of)));
    } catch (thrown) {
      throw (await judgementsUnread(source, rows, role, thrown)) ?? thrown;
    }
    before += source.file.size;
  }
  const [first] = recognised;
  if (!first) throw new AppError({ kind: 'import-failed', file: name, fault: 'empty-file' });
  writeQuestions(job);
  for (const { question, place } of role === 'questions' ? (judgements?.unasked() ?? []) : [])
    rejections.add({ ...place, fault: 'unknown-question', field: rejectionExcerpt(question) });
  const sources = opened.map((source, index) => sourceOf(files[index]?.name ?? '', source, recognised));
  const dataset = await writer.finish(db, sources);
  return { dataset, ...rejections.rejectedRows, format: first.format, encoding: first.encoding, recognised };
}
