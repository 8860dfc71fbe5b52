import { isJudgedId, judgementOf, Judgements } from '../../../src/domain/import/judgements';
import type { DataRole } from '../../../src/domain/records';
import type { PassageLookup } from '../../../src/domain/split/passageLookup';
import { recordsOfFile, type DataFile } from './dataFile';
import type { RejectionPlace, Rejections } from './rejections';

/** Yields the usable values of a file with their lines. */
async function* valuesOf(file: DataFile): AsyncGenerator<{ value: unknown; line: number }> {
  for await (const records of recordsOfFile(file))
    for (const record of records) if ('value' in record) yield { value: record.value, line: record.line };
}

async function isFileOfJudgements(file: DataFile): Promise<boolean> {
  for await (const { value } of valuesOf(file)) return judgementOf(value) !== null;
  return false;
}

async function readJudgements(
  source: DataFile,
  judgements: Judgements<RejectionPlace>,
  rejections: Rejections,
): Promise<void> {
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

/** Whether the judgements name the id of any row of the file: a passage's id in a knowledge base, else a question's. */
async function belongs(file: DataFile, role: DataRole, judgements: Judgements<RejectionPlace>): Promise<boolean> {
  for await (const { value } of valuesOf(file)) if (isJudgedId(value, role, judgements)) return true;
  return false;
}

/**
 * Separates the files of one import that hold judgements (qrels) from those that hold rows. If there are judgements, a
 * file of which they name no row is left out: it belongs to another role, such as the passages among the files of
 * questions.
 */
export async function judgedFiles(
  files: readonly DataFile[],
  role: DataRole,
  passages: PassageLookup | undefined,
  rejections: Rejections,
): Promise<{ rows: DataFile[]; judgements: Judgements<RejectionPlace> | null }> {
  if (files.length < 2) return { rows: [...files], judgements: null };
  const judgements = new Judgements<RejectionPlace>(passages);
  const others: DataFile[] = [];
  for (const file of files) {
    if (!(await isFileOfJudgements(file))) others.push(file);
    else await readJudgements(file, judgements, rejections);
  }
  if (judgements.size === 0) return { rows: [...files], judgements: null };
  const rows: DataFile[] = [];
  for (const file of others) {
    if (await belongs(file, role, judgements)) rows.push(file);
    else rejections.note({ file: file.file.name }, { fault: 'file-unused' });
  }
  return { rows, judgements };
}
