import { largestBatch, readBatchList } from '../../../src/domain/train/batchList';
import { canonicalJson } from '../../../src/domain/canonicalJson';
import { AppError } from '../../../src/domain/errors';
import { sha256Hex } from '../../../src/domain/hash';
import type { Database } from '../../../src/storage/database';
import { putBatchList } from '../../../src/storage/batchLists';

/**
 * Stores a listed batch order. The file is JSON with one list per step, which contains the row numbers (from 0) of the
 * stored pairs.
 * @throws import-failed if the file has a different structure.
 */
export async function importBatchList(
  db: Database,
  file: File,
): Promise<{ sha256: string; steps: number; batchSize: number }> {
  let value: unknown;
  try {
    value = JSON.parse(await file.text());
  } catch (cause) {
    throw new AppError({ kind: 'import-failed', file: file.name, fault: 'json-broken' }, { cause });
  }
  const read = readBatchList(value);
  if ('wrongAt' in read)
    throw new AppError({
      kind: 'import-failed',
      file: file.name,
      fault: 'no-known-columns',
      ...(read.wrongAt === '' ? {} : { field: read.wrongAt }),
    });
  const { batches } = read;
  const sha256 = await sha256Hex(canonicalJson(batches));
  await putBatchList(db, sha256, batches);
  return { sha256, steps: batches.length, batchSize: largestBatch(batches) };
}
