import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { expect, it } from 'vitest';
import { kernelsVersion } from '../../../src/domain/kernelPlan';
import { openDatabase } from '../../../src/storage/database';
import { getDeviceCheck, listDeviceChecks } from '../../../src/storage/deviceChecks';
import { listDownloads } from '../../../src/storage/downloads';
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
  await putKernelPlan(db, 'an adapter', { plan });
  expect(await getKernelPlan(db, 'an adapter')).toMatchObject({ plan });
  expect(await getKernelPlan(db, 'another')).toBeUndefined();
});

it('a version 2 database keeps its rows and gets stores for downloads', async () => {
  const old = await openDB('of version 2', 2, {
    upgrade: (db) => void db.createObjectStore('kernelPlans', { keyPath: 'key' }),
  });
  const plan = { backend: 'webgpu', kernels: kernelsVersion, matmul: {} } as const;
  await old.put('kernelPlans', { key: 'an adapter', plan, measuredAt: 1 });
  old.close();
  const db = await openDatabase('of version 2');
  expect(await getKernelPlan(db, 'an adapter')).toMatchObject({ plan });
  expect(await listDownloads(db)).toEqual([]);
  expect(await db.count('downloadParts')).toBe(0);
});

it('a version 6 database keeps its rows and gets stores for comparisons and their vectors', async () => {
  const old = await openDB('of version 6', 6, {
    upgrade: (db) => void db.createObjectStore('batchLists', { keyPath: 'sha256' }),
  });
  await old.put('batchLists', { sha256: 'a', batches: [[3]] });
  old.close();
  const db = await openDatabase('of version 6');
  expect(await db.get('batchLists', 'a')).toEqual({ sha256: 'a', batches: [[3]] });
  expect([await db.count('comparisons'), await db.count('vectorSets')]).toEqual([0, 0]);
});

it('a version 7 database keeps its rows and gets stores for ONNX models and measurements of speed', async () => {
  const old = await openDB('of version 7', 7, {
    upgrade: (db) => void db.createObjectStore('batchLists', { keyPath: 'sha256' }),
  });
  await old.put('batchLists', { sha256: 'a', batches: [[4]] });
  old.close();
  const db = await openDatabase('of version 7');
  expect(await db.get('batchLists', 'a')).toEqual({ sha256: 'a', batches: [[4]] });
  expect([await db.count('onnxModels'), await db.count('speeds')]).toEqual([0, 0]);
});

it('a version 4 database keeps its rows and gets a store for checks of devices', async () => {
  const old = await openDB('of version 4', 4, {
    upgrade: (db) => void db.createObjectStore('batchLists', { keyPath: 'sha256' }),
  });
  await old.put('batchLists', { sha256: 'a', batches: [[1, 2]] });
  old.close();
  const db = await openDatabase('of version 4');
  expect(await db.get('batchLists', 'a')).toEqual({ sha256: 'a', batches: [[1, 2]] });
  expect(await getDeviceCheck(db, 'an adapter')).toBeUndefined();
  expect(await listDeviceChecks(db)).toEqual(new Map());
});
