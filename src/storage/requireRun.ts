import { AppError } from '../domain/errors';

interface RunTransaction {
  objectStore(name: 'runs'): { getKey(runId: string): Promise<string | undefined> };
  abort(): void;
  done: Promise<void>;
}

/**
 * Aborts the transaction and throws `not-found` if the run is not stored. A run may be deleted while a worker is
 * executing it, and anything that the worker stored after that would have no owner.
 */
export async function requireRun(transaction: RunTransaction, runId: string): Promise<void> {
  if ((await transaction.objectStore('runs').getKey(runId)) !== undefined) return;
  transaction.abort();
  await transaction.done.catch(() => undefined);
  throw new AppError({ kind: 'not-found', what: 'run', id: runId });
}
