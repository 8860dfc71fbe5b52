import { JudgedColumn } from '../../../src/domain/import/judgedColumn';
import { judgementOf, Judgements } from '../../../src/domain/import/judgements';
import type { DataRole } from '../../../src/domain/records';
import type { PassageLookup } from '../../../src/domain/split/passageLookup';
import { recordsOf, type DataFile } from './readRecords';
import type { Place, Rejections } from './rejections';

/** Yields the usable values of a file with their lines. */
async function* valuesOf(file: DataFile): AsyncGenerator<{ value: unknown; line: number }> {
  for await (const records of recordsOf(file))
    for (const record of records) if ('value' in record) yield { value: record.value, line: record.line };
}

async function isFileOfJudgements(file: DataFile): Promise<boolean> {
  for await (const { value } of valuesOf(file)) return judgementOf(value) !== null;
  return false;
}

async function readJudgements(source: DataFile, judgements: Judgements<Place>, rejections: Rejections): Promise<void> {
  const file = source.file.name;
  let irrelevant = 0;
  let firstLine = 0;
  for await (const { value, line } of valuesOf(source)) {
    const judgement = judgementOf(value);
    const place = { file, line };
    if (!judgement) {
      rejections.add({ ...place, fault: 'no-known-columns', field: '', expected: 'query-id + corpus-id + score' });
      continue;
    }
    const taken = judgements.add(judgement, place);
    if (taken === 'unknown') rejections.ignore(place, judgement.passage);
    if (taken !== 'irrelevant') continue;
    if (irrelevant === 0) firstLine = line;
    irrelevant += 1;
  }
  if (irrelevant > 0)
    rejections.note({ file, line: firstLine }, { fault: 'judged-irrelevant', field: String(irrelevant) });
}

/** Records after which a column named as ids is taken without reading the rest of the file. */
const enoughRecords = 1000;

/** Returns the column of the file whose ids the judgements name, or null if they name none of its rows. */
async function idColumnOf(file: DataFile, role: DataRole, judgements: Judgements<Place>): Promise<string | null> {
  const column = new JudgedColumn(role, judgements.idsOf(role));
  let records = 0;
  for await (const { value } of valuesOf(file)) {
    column.add(value);
    records += 1;
    if (records % enoughRecords === 0 && column.named() !== null) break;
  }
  return column.find();
}

export interface JudgedFiles {
  rows: DataFile[];
  /** Null if no file holds judgements. */
  judgements: Judgements<Place> | null;
  /** The columns of ids that the judgements name, by file. */
  idColumns: ReadonlyMap<DataFile, string>;
}

/**
 * Separates the files of one import that hold judgements (qrels) from those that hold rows. With judgements, a file
 * without any row that they name belongs to another role, such as the passages among the files of questions.
 */
export async function judgedFiles(
  files: readonly DataFile[],
  role: DataRole,
  passages: PassageLookup | undefined,
  rejections: Rejections,
): Promise<JudgedFiles> {
  const idColumns = new Map<DataFile, string>();
  if (files.length < 2) return { rows: [...files], judgements: null, idColumns };
  const judgements = new Judgements<Place>(passages);
  const others: DataFile[] = [];
  for (const file of files) {
    if (!(await isFileOfJudgements(file))) others.push(file);
    else await readJudgements(file, judgements, rejections);
  }
  if (judgements.size === 0) return { rows: [...files], judgements: null, idColumns };
  const rows: DataFile[] = [];
  for (const file of others) {
    const idColumn = await idColumnOf(file, role, judgements);
    if (idColumn === null) rejections.note({ file: file.file.name }, { fault: 'file-unused' });
    else {
      rows.push(file);
      idColumns.set(file, idColumn);
    }
  }
  return { rows, judgements, idColumns };
}
