import 'fake-indexeddb/auto';
import { expect } from 'vitest';
import { AppError } from '../../../src/domain/errors';
import type { DataRole } from '../../../src/domain/records';
import { openDatabase } from '../../../src/storage/database';
import { readRows } from '../../../src/storage/datasets';
import { importDataset, type ImportDatasetSettings } from '../../../workers/services/import/importDataset';
import { storedPassages } from '../../../workers/services/import/storedPassages';

export const file = (name: string, ...content: BlobPart[]): File => new File(content, name);

/** Returns the content of a JSONL file with these rows. */
export const json = (...rows: unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

const ignore = (): void => undefined;
/** Opens an empty database. */
export const fresh = () => openDatabase(`import-${crypto.randomUUID()}`);

/** Imports files into an empty database, after the knowledge base if one is given. Returns the report and the rows. */
export async function imported<R extends DataRole>(
  role: R,
  sources: File | File[],
  knowledgeBase?: File,
  settings: ImportDatasetSettings = {},
) {
  const db = await fresh();
  const stored = knowledgeBase && (await importDataset(db, [knowledgeBase], 'knowledgeBase', ignore)).dataset;
  const options = { ...settings, ...(stored ? { passages: await storedPassages(db, stored.contentSha256) } : {}) };
  const report = await importDataset(db, [sources].flat(), role, ignore, options);
  return { ...report, rows: await readRows(db, role, report.dataset.contentSha256) };
}

/** Imports files that must be refused. Returns the details of the error. */
export async function refused(role: DataRole, ...files: File[]): Promise<unknown> {
  const db = await fresh();
  const error: unknown = await importDataset(db, files, role, ignore).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(await db.getAll('datasets')).toEqual([]);
  return error instanceof AppError ? error.details : error;
}
