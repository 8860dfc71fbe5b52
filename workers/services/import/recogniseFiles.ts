import { recognise, surveyedRecords, type Recognition } from '../../../src/domain/import/recognise';
import type { DataRole } from '../../../src/domain/records';
import type { ColumnChoices } from '../../../src/protocol/dataApi';
import { openDataFile, recordsOfFile } from './dataFile';
import { recordsWithHead } from './recordsWithHead';

/**
 * Recognises the columns of files without importing them, so that the user can choose columns after an import failed.
 */
export async function recogniseFiles(
  files: File[],
  role: DataRole,
  { mappings, ...choices }: ColumnChoices,
): Promise<Recognition[]> {
  const found: Recognition[] = [];
  for (const file of files) {
    const source = await openDataFile(file, [role], { ...choices, guess: true });
    const head = await recordsWithHead(recordsOfFile(source), surveyedRecords).next();
    found.push(await recognise(role, source.facts, head.done ? [] : head.value, mappings, source.stated.mapping));
  }
  return found;
}
