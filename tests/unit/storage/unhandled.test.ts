import 'fake-indexeddb/auto';
import { expect, it, vi } from 'vitest';
import { openDatabase } from '../../../src/storage/database';
import { updateRun } from '../../../src/storage/runs';

it('a write that the browser aborts rejects once, and leaves no unhandled rejection', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  const db = await openDatabase(`unhandled-${crypto.randomUUID()}`);
  await db.put('runs', { runId: 'r' } as never);
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its object below
  const put = IDBObjectStore.prototype.put;
  const aborting = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value) {
    const request = put.call(this, value);
    this.transaction.abort();
    return request;
  });
  try {
    await expect(updateRun(db, 'r', { step: 1 })).rejects.toMatchObject({ name: 'AppError' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(unhandled).toEqual([]);
  } finally {
    aborting.mockRestore();
    process.off('unhandledRejection', note);
  }
});
