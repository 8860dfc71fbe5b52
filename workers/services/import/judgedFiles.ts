import { rowIdOf, judgementOf, Judgements, sideOf, type Side } from '../../../src/domain/import/judgements';
import { Columns } from '../../../src/domain/import/rowColumns';
import type { DataRole } from '../../../src/domain/records';
import type { PassageLookup } from '../../../src/domain/split/passageLookup';
import { recordsOfFile, type DataFile } from './dataFile';
import { noted, shortenedRejection, type RejectionPlace, type Rejections } from './rejections';

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
  for await (const records of recordsOfFile(source))
    for (const record of records) {
      const place = { file, line: record.line };
      if ('fault' in record) {
        if (noted.has(record.fault)) rejections.note(place, record);
        else rejections.add({ ...place, ...shortenedRejection(record) });
        continue;
      }
      const judgement = judgementOf(record.value);
      if (!judgement) {
        rejections.add({ ...place, fault: 'no-known-columns', field: '', expected: 'query-id + corpus-id + score' });
        continue;
      }
      const taken = judgements.add(judgement, place);
      if (taken === 'unknown') rejections.ignore(place, judgement.passage);
      if (taken !== 'irrelevant') continue;
      if (irrelevant === 0) firstLine = place.line;
      irrelevant += 1;
    }
  if (irrelevant > 0)
    rejections.note({ file, line: firstLine }, { fault: 'judged-irrelevant', field: String(irrelevant) });
}

/** Returns which side of the judgements the file holds: their questions or their passages. Null for neither. */
async function sideOfFile(file: DataFile, judgements: Judgements<RejectionPlace>): Promise<Side | null> {
  const evidence = { name: file.file.name, titled: false, asQuestions: 0, asPassages: 0 };
  for await (const { value } of valuesOf(file)) {
    const [question, passage] = [rowIdOf(value, 'questionId'), rowIdOf(value, 'passageId')];
    if (question !== null && judgements.hasQuestion(question)) evidence.asQuestions += 1;
    if (passage !== null && judgements.hasPassage(passage)) evidence.asPassages += 1;
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      evidence.titled ||= new Columns(Object.entries(value)).has('title');
  }
  return sideOf(evidence);
}

/**
 * Separates the files of one import that hold judgements (qrels) from those that hold rows. With judgements, a file
 * on the other side of them belongs to another role, such as the passages among the files of questions.
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
    const side = await sideOfFile(file, judgements);
    if (side === (role === 'knowledgeBase' ? 'passages' : 'questions')) rows.push(file);
    else rejections.note({ file: file.file.name }, { fault: 'file-unused' });
  }
  return { rows, judgements };
}
