import { AppError, type ImportFault } from '../../../src/domain/errors';
import { mainColumns } from '../../../src/domain/import/columnAliases';
import { JudgedColumn } from '../../../src/domain/import/judgedColumn';
import { judgementFaults } from '../../../src/domain/import/bundle';
import { FileNotes } from '../../../src/domain/import/fileNotes';
import { judgementIn, judgementOf, Judgements, sideOf, type Side } from '../../../src/domain/import/judgements';
import { Columns } from '../../../src/domain/import/rowColumns';
import { isObject } from '../../../src/domain/isObject';
import type { DataRole } from '../../../src/domain/records';
import type { PassageLookup } from '../../../src/domain/split/passageLookup';
import { recordsOfFile, type DataFile } from './dataFile';
import { noted, shortenedRejection, type RejectionPlace, type Rejections } from './rejections';

/** Yields the usable values of a file with their line numbers. */
async function* valuesOf(file: DataFile): AsyncGenerator<{ value: unknown; line: number }> {
  for await (const records of recordsOfFile(file))
    for (const record of records) if ('value' in record) yield { value: record.value, line: record.line };
}

/** Number of records that may be broken at the start of a file of judgements. */
const headRecords = 20;

async function isFileOfJudgements(file: DataFile): Promise<boolean> {
  let seen = 0;
  for await (const { value } of valuesOf(file)) {
    if (judgementOf(value)) return true;
    if (++seen === headRecords) break;
  }
  return false;
}

async function readJudgements(
  source: DataFile,
  judgements: Judgements<RejectionPlace>,
  rejections: Rejections,
): Promise<void> {
  const file = source.file.name;
  const notes = new FileNotes();
  let irrelevant = 0;
  let firstLine = 0;
  for await (const records of recordsOfFile(source))
    for (const record of records) {
      const place = record.line > 0 ? { file, line: record.line } : { file };
      if ('fault' in record) {
        if (noted.has(record.fault)) rejections.note(place, shortenedRejection(record));
        else rejections.add({ ...place, ...shortenedRejection(record) });
        continue;
      }
      const faults = judgementFaults(record.value);
      const columns = new Columns(Object.entries(record.value ?? {}));
      const judgement = judgementIn(columns);
      notes.columns(columns.names(), record.line);
      for (const fault of faults) rejections.add({ ...place, ...shortenedRejection(fault) });
      if (!judgement || faults.length > 0) continue;
      const taken = judgements.add(judgement, place);
      if (taken === 'unknown') rejections.ignore(place, judgement.passage);
      if (taken !== 'irrelevant') continue;
      if (irrelevant === 0) firstLine = record.line;
      irrelevant += 1;
    }
  rejections.notes(file, notes.take());
  if (irrelevant > 0)
    rejections.note({ file, line: firstLine }, { fault: 'judged-irrelevant', field: String(irrelevant) });
}

/** Returns the first usable value of a file; undefined if it has none or cannot be read. */
async function firstValueOf(file: DataFile): Promise<unknown> {
  try {
    for await (const { value } of valuesOf(file)) return value;
  } catch (error) {
    // A file that the browser can no longer read fails with a DOMException.
    if (!(error instanceof AppError || error instanceof DOMException)) throw error;
  }
  return undefined;
}

/**
 * Returns a better error for a file of questions that names no passages: if another file of the import has no known
 * columns, it is probably the judgements. Returns null if there is no such file.
 */
export async function judgementsUnread(
  questions: DataFile,
  files: readonly DataFile[],
  role: DataRole,
  error: unknown,
): Promise<AppError | null> {
  const details = error instanceof AppError ? error.details : null;
  if (details?.kind !== 'import-failed' || !namesNoPassage.has(details.fault)) return null;
  for (const file of files) {
    if (file === questions || file.stated.mapping) continue;
    const value = await firstValueOf(file);
    if (!isObject(value) || new Columns(Object.entries(value)).knows(mainColumns[role])) continue;
    const field = Object.keys(value).join(', ');
    const expected = 'query-id + corpus-id + score';
    return new AppError({ kind: 'import-failed', file: file.file.name, fault: 'no-known-columns', field, expected });
  }
  return null;
}

/** Faults of questions and pairs without a passage. */
const namesNoPassage: ReadonlySet<ImportFault> = new Set(['relevant-missing', 'field-missing', 'text-empty']);

interface JudgedSide {
  /** The side of the judgements that the file holds: their questions or their passages. Null if it holds neither. */
  side: Side | null;
  /** The column whose ids the judgements name; null if they name none of the file's rows. */
  idColumn: string | null;
}

async function sideOfFile(file: DataFile, judgements: Judgements<RejectionPlace>): Promise<JudgedSide> {
  const questions = new JudgedColumn('questions', judgements.idsOf('questions'));
  const passages = new JudgedColumn('knowledgeBase', judgements.idsOf('knowledgeBase'));
  let titled = false;
  for await (const { value } of valuesOf(file)) {
    questions.add(value);
    passages.add(value);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      titled ||= new Columns(Object.entries(value)).has('title');
  }
  // A column under another name may hold the ids of the other side: for example, a passage may state which question it
  // answers.
  const onlyNamed = questions.named() !== null || passages.named() !== null;
  const count = (column: JudgedColumn): number => column.countIn(onlyNamed ? column.named() : column.find());
  const evidence = { name: file.file.name, titled, asQuestions: count(questions), asPassages: count(passages) };
  const side = sideOf(evidence);
  return { side, idColumn: (side === 'passages' ? passages : questions).find() };
}

/**
 * Returns the error for judgements from which no row can be made. If the reason is unknown passages, it names the first
 * one.
 */
function noneJudged(file: string, { listed }: Rejections): AppError {
  const unknown = listed.find((one) => one.file === file && one.fault === 'reference-ignored');
  return new AppError({
    kind: 'import-failed',
    file,
    ...(unknown ? { fault: 'no-known-passage', field: unknown.field ?? '' } : { fault: 'none-judged' }),
  });
}

interface JudgedFiles {
  rows: DataFile[];
  /** Null if no file holds judgements. */
  judgements: Judgements<RejectionPlace> | null;
  /** By file, the column whose ids the judgements name. */
  idColumns: ReadonlyMap<DataFile, string>;
}

/**
 * Separates the files of one import that hold judgements (qrels) from those that hold rows. If there are judgements,
 * leaves out and reports the files that hold only their other side, such as a file of passages when questions are
 * imported.
 */
export async function judgedFiles(
  files: readonly DataFile[],
  role: DataRole,
  passages: PassageLookup | undefined,
  rejections: Rejections,
): Promise<JudgedFiles> {
  const idColumns = new Map<DataFile, string>();
  if (files.length < 2) return { rows: [...files], judgements: null, idColumns };
  const judgements = new Judgements<RejectionPlace>(passages);
  const others: DataFile[] = [];
  let judging: DataFile | null = null;
  for (const file of files) {
    if (!(await isFileOfJudgements(file))) others.push(file);
    else await readJudgements((judging = file), judgements, rejections);
  }
  if (!judging) return { rows: others, judgements: null, idColumns };
  if (judgements.size === 0) throw noneJudged(judging.file.name, rejections);
  const rows: DataFile[] = [];
  for (const file of others) {
    const { side, idColumn } = await sideOfFile(file, judgements);
    if (side !== (role === 'knowledgeBase' ? 'passages' : 'questions')) {
      rejections.note({ file: file.file.name }, { fault: 'file-unused' });
      continue;
    }
    rows.push(file);
    if (idColumn !== null) idColumns.set(file, idColumn);
  }
  return { rows, judgements, idColumns };
}
