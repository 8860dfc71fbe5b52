import 'fake-indexeddb/auto';
import { expect, it, vi } from 'vitest';
import { guard, openDatabase } from '../../../src/storage/database';
import { errorSentences } from '../../../src/ui/i18n/errors';
import { toAppError } from '../../../src/domain/errors';
import { WeightWriter } from '../../../src/storage/weights';
import { freshDatabase } from './support';

const refusal = (name: string) => new DOMException('Failed to write blobs', name);

it('a private window that refuses large weights is reported as a refusal that mentions private windows', async () => {
  const db = await freshDatabase();
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
    throw refusal('DataError');
  });
  const writer = new WeightWriter(db, 'model-x');
  await writer.write(new Float32Array(4));
  const failure = toAppError(await writer.finish().catch((thrown: unknown) => thrown));
  vi.restoreAllMocks();
  expect(failure.details).toEqual({ kind: 'storage-failed', reason: 'DataError: Failed to write blobs' });
  expect(errorSentences(failure.details).en).toMatch(/private mode/);
});

it('a browser that does not open the database is reported as a refusal of storage', async () => {
  vi.spyOn(indexedDB, 'open').mockImplementation(() => {
    throw refusal('InvalidStateError');
  });
  await expect(openDatabase('refused')).rejects.toMatchObject({ details: { kind: 'storage-failed' } });
  vi.restoreAllMocks();
  expect((await openDatabase('refused')).name).toBe('refused');
});

it('other errors of storage are not reported as refusals', async () => {
  const failing = (name: string) => guard(() => Promise.reject(refusal(name)));
  await expect(failing('QuotaExceededError')).rejects.toMatchObject({ details: { kind: 'quota-exceeded' } });
  await expect(failing('ConstraintError')).rejects.toMatchObject({ details: { kind: 'unexpected' } });
});
