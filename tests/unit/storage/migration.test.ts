import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { expect, it } from 'vitest';
import { kernelsVersion } from '../../../src/domain/kernelPlan';
import { openDatabase } from '../../../src/storage/database';
import { getKernelPlan, putKernelPlan } from '../../../src/storage/kernelPlans';

it('a version 1 database keeps its rows and gets a store for kernel plans', async () => {
  const old = await openDB('of version 1', 1, {
    upgrade: (db) => void db.createObjectStore('batchLists', { keyPath: 'sha256' }),
  });
  await old.put('batchLists', { sha256: 'a', batches: [[1, 2]] });
  old.close();
  const db = await openDatabase('of version 1');
  expect(await db.get('batchLists', 'a')).toEqual({ sha256: 'a', batches: [[1, 2]] });
  const plan = { backend: 'webgpu', kernels: kernelsVersion, matmul: {} } as const;
  await putKernelPlan(db, 'an adapter', plan);
  expect(await getKernelPlan(db, 'an adapter')).toEqual(plan);
  expect(await getKernelPlan(db, 'another')).toBeUndefined();
});
