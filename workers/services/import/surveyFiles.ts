import { AppError, type AppErrorDetails } from '../../../src/domain/errors';
import { ContentCounter, type FileContent } from '../../../src/domain/import/fileContent';
import { fillingsOf } from '../../../src/domain/import/fillings';
import type { RememberedReadings } from '../../../src/domain/import/fileReading';
import { dataRoles } from '../../../src/domain/records';
import type { FolderFile, Progress, Survey } from '../../../src/protocol/dataApi';
import { openDataFile, recordsOfFile } from './dataFile';

/** Counts the contents of a file. With `onlyBundle`, returns null as soon as a record shows that it is not a bundle. */
async function contentOf(
  { path, file }: FolderFile,
  onlyBundle: boolean,
  readings: RememberedReadings,
  read: (bytes: number) => void,
): Promise<FileContent | null> {
  const counter = new ContentCounter();
  for await (const records of recordsOfFile(await openDataFile(file, dataRoles, { readings }), read))
    for (const record of records) {
      if (!('value' in record)) continue;
      counter.add(record.value);
      if (onlyBundle && counter.kind !== 'bundle') return null;
    }
  if (counter.kind === null && file.size === 0)
    throw new AppError({ kind: 'import-failed', file: path, fault: 'empty-file' });
  return counter.content(path);
}

/**
 * Finds the slots that the files can fill, without importing them. Reports files that cannot be read and surveys the
 * others. With `onlySeveral`, returns no slots for a single file that serves only one slot, without reading all of it.
 * A choice in `readings` counts whatever role it was made for, because no role is known yet.
 */
export async function surveyFiles(
  files: readonly FolderFile[],
  onlySeveral: boolean,
  readings: RememberedReadings,
  progress: Progress,
): Promise<Survey> {
  const contents: FileContent[] = [];
  const positions: number[] = [];
  const unreadable: { file: number; error: AppErrorDetails }[] = [];
  const of = files.reduce((sum, { file }) => sum + file.size, 0);
  let before = 0;
  for (const [index, file] of files.entries()) {
    const read = (bytes: number): void => progress(Math.min(of, before + bytes), of);
    try {
      const content = await contentOf(file, onlySeveral && files.length === 1, readings, read);
      if (content) {
        contents.push(content);
        positions.push(index);
      }
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      unreadable.push({ file: index, error: thrown.details });
    }
    before += file.file.size;
  }
  const { fillings, unused } = fillingsOf(contents);
  const position = (at: number): number => positions[at] ?? 0;
  return {
    fillings: fillings.map(({ idColumns = {}, ...filling }) => ({
      ...filling,
      files: filling.files.map(position),
      idColumns: Object.fromEntries(Object.entries(idColumns).map(([at, column]) => [position(Number(at)), column])),
    })),
    unused: unused.map(({ file, reason }) => ({ file: position(file), reason })),
    unreadable,
    together: contents.some(({ kind }) => kind === 'bundle' || kind === 'judgements'),
  };
}
