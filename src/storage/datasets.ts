import { AppError } from '../domain/errors';
import { own } from '../domain/errorWords';
import { rowsPerBlock, type DataRole, type Dataset, type Row, type RowOf } from '../domain/records';
import { guard, type Database } from './database';
import { makingRoom } from './deletedExperiments';

export async function writeDatasetBlock(
  db: Database,
  contentSha256: string,
  block: number,
  rows: Row[],
  sha256: string,
): Promise<void> {
  await makingRoom(db, () => db.put('datasetBlocks', { contentSha256, block, rows, sha256 }));
}

/** Stores the record that makes a data set visible. Write its blocks first. */
export async function putDataset(db: Database, dataset: Dataset): Promise<void> {
  await guard(() => db.put('datasets', dataset));
}

export function getDataset(db: Database, contentSha256: string): Promise<Dataset | undefined> {
  return db.get('datasets', contentSha256);
}

function blocksOf(contentSha256: string): IDBKeyRange {
  return IDBKeyRange.bound([contentSha256, 0], [contentSha256, Infinity]);
}

/** Whether all blocks of a data set are stored. */
export async function hasBlocks(db: Database, { contentSha256, rows }: Dataset): Promise<boolean> {
  return (await db.count('datasetBlocks', blocksOf(contentSha256))) === Math.ceil(rows / rowsPerBlock);
}

/** Throws `storage-failed` if rows of a data set that should be stored are not. */
export function refuseMissingRows({ name }: Dataset, found: number, expected: number): void {
  if (found < expected)
    throw new AppError({ kind: 'storage-failed', reason: own('rows-missing', expected - found, name) });
}

/**
 * Returns all rows in stored order. Throws `data-missing` if no data set of this role has the hash, and
 * `storage-failed` if some of its rows are lost.
 */
export async function readRows<R extends DataRole>(db: Database, role: R, contentSha256: string): Promise<RowOf[R][]> {
  const dataset = await getDataset(db, contentSha256);
  if (dataset?.role !== role) throw new AppError({ kind: 'data-missing', role, contentSha256 });
  const blocks = await guard(() => db.getAll('datasetBlocks', blocksOf(contentSha256)));
  const rows = blocks.flatMap((block) => block.rows as RowOf[R][]);
  refuseMissingRows(dataset, rows.length, dataset.rows);
  return rows;
}

/**
 * Returns up to `count` rows, starting at row `from`. Returns none if no data set has the hash. Throws
 * `storage-failed` if some of the rows are lost.
 */
export async function readRowsPage(db: Database, contentSha256: string, from: number, count: number): Promise<Row[]> {
  const dataset = await getDataset(db, contentSha256);
  if (!dataset) return [];
  const first = Math.floor(from / rowsPerBlock);
  const last = Math.floor((from + count - 1) / rowsPerBlock);
  const range = IDBKeyRange.bound([contentSha256, first], [contentSha256, last]);
  const rows = (await db.getAll('datasetBlocks', range)).flatMap((block) => block.rows);
  refuseMissingRows(dataset, rows.length, Math.min((last + 1) * rowsPerBlock, dataset.rows) - first * rowsPerBlock);
  return rows.slice(from - first * rowsPerBlock, from - first * rowsPerBlock + count);
}
