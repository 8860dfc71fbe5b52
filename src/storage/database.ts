import { openDB, type IDBPDatabase, type IDBPTransaction } from 'idb';
import { AppError, toAppError } from '../domain/errors';
import { databaseName, databaseVersion, type RecallsmithSchema } from './schema';

export type Database = IDBPDatabase<RecallsmithSchema>;
export type StoreName = keyof StoresOnly;
export type WriteTransaction<Names extends readonly StoreName[]> = IDBPTransaction<
  RecallsmithSchema,
  Names,
  'readwrite'
>;
type Upgrade = IDBPTransaction<RecallsmithSchema, (keyof StoresOnly)[], 'versionchange'>;
type StoresOnly = { [K in keyof RecallsmithSchema as string extends K ? never : K]: RecallsmithSchema[K] };

/** Entry i migrates the database from version i to i + 1. Never change an entry once it is released. */
const migrations: ((db: Database, transaction: Upgrade) => void)[] = [
  (db) => {
    const experiments = db.createObjectStore('experiments', { keyPath: 'experimentId' });
    experiments.createIndex('updatedAt', 'updatedAt');
    db.createObjectStore('datasets', { keyPath: 'contentSha256' });
    db.createObjectStore('datasetBlocks', { keyPath: ['contentSha256', 'block'] });
    db.createObjectStore('models', { keyPath: 'contentSha256' });
    db.createObjectStore('weightParts', { keyPath: ['weightsId', 'part'] });
    db.createObjectStore('tokenSets', { keyPath: 'key' });
    db.createObjectStore('batchLists', { keyPath: 'sha256' });
    const runs = db.createObjectStore('runs', { keyPath: 'runId' });
    runs.createIndex('experimentId', 'experimentId');
    db.createObjectStore('runEvents', { keyPath: ['runId', 'seq'] });
    db.createObjectStore('checkpoints', { keyPath: ['runId', 'generation'] });
    db.createObjectStore('evaluations', { keyPath: ['runId', 'part', 'moment'] });
  },
  (db) => {
    db.createObjectStore('kernelPlans', { keyPath: 'key' });
  },
  (db) => {
    db.createObjectStore('downloads', { keyPath: 'downloadId' });
    db.createObjectStore('downloadParts', { keyPath: ['downloadId', 'path', 'part'] });
  },
  // From this version on, parts of weights may be blobs. A tab of an earlier version cannot read them, so it has to
  // close.
  () => undefined,
  (db) => {
    db.createObjectStore('deviceChecks', { keyPath: 'key' });
  },
  (db) => {
    db.createObjectStore('minedNegatives', { keyPath: 'key' });
  },
  (db) => {
    db.createObjectStore('vectorSets', { keyPath: 'key' });
    db.createObjectStore('comparisons', { keyPath: ['experimentId', 'key'] });
  },
  (db) => {
    db.createObjectStore('onnxModels', { keyPath: 'contentSha256' });
    db.createObjectStore('speeds', { keyPath: 'experimentId' });
  },
];

const open = new Map<string, Promise<Database>>();

/** Opens this origin's database, once per thread. */
export function openDatabase(name: string = databaseName): Promise<Database> {
  const known = open.get(name);
  if (known) return known;
  const opening = guard(() =>
    openDB<RecallsmithSchema>(name, databaseVersion, {
      upgrade(db, oldVersion, _newVersion, transaction) {
        for (const migrate of migrations.slice(oldVersion)) migrate(db, transaction);
      },
      // A newer tab waits to migrate the database, so close it at once. The next call of `openDatabase` opens it again.
      blocking(_current, _blocked, event) {
        open.delete(name);
        (event.target as IDBDatabase).close();
      },
      terminated: () => open.delete(name),
    }),
  );
  open.set(name, opening);
  opening.catch(() => open.delete(name));
  return opening;
}

/**
 * Prevents an unhandled rejection of `done`. If a request fails, `done` rejects too, and code that throws because of
 * the request never awaits it.
 */
export function withHandledEnd<T extends { readonly done: Promise<void> }>(transaction: T): T {
  transaction.done.catch(() => undefined);
  return transaction;
}

/**
 * IndexedDB errors that mean that the browser does not let the page store anything, whatever the values are. A private
 * window may refuse storage altogether, or large blobs.
 */
const refusals = new Set(['UnknownError', 'InvalidStateError', 'SecurityError', 'NotReadableError', 'DataError']);

function storageError(thrown: unknown): AppError {
  const isRefusal = thrown instanceof DOMException && refusals.has(thrown.name);
  if (!isRefusal) return toAppError(thrown);
  return new AppError({ kind: 'storage-failed', reason: `${thrown.name}: ${thrown.message}` }, { cause: thrown });
}

/**
 * Runs storage work and converts any failure to an AppError: `quota-exceeded` for a full disk, `storage-failed` if the
 * browser refuses.
 */
export async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw storageError(thrown);
  }
}
