import { guard, type Database } from './database';

export async function putBatchList(db: Database, sha256: string, batches: number[][]): Promise<void> {
  await guard(() => db.put('batchLists', { sha256, batches }));
}

export async function getBatchList(db: Database, sha256: string): Promise<number[][] | undefined> {
  return (await db.get('batchLists', sha256))?.batches;
}
