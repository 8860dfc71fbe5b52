import { recognise, surveyedRecords, type Recognition } from '../../../src/domain/import/recognise';
import type { DataRole } from '../../../src/domain/records';
import type { ColumnChoices } from '../../../src/protocol/dataApi';
import { openFile, recordsOf } from './readRecords';
import { withHead } from './recordStream';

/** Recognises the columns of files without importing them, so that they can be chosen where the import failed. */
export async function recogniseFiles(
  files: File[],
  role: DataRole,
  { mappings, ...choices }: ColumnChoices,
): Promise<Recognition[]> {
  const found: Recognition[] = [];
  for (const file of files) {
    const source = await openFile(file, role, { ...choices, guess: true });
    const head = await withHead(recordsOf(source), surveyedRecords).next();
    found.push(await recognise(role, source.facts, head.done ? [] : head.value, mappings, source.stated.mapping));
  }
  return found;
}
