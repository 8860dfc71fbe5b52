import { AppError, toAppError } from '../domain/errors';

/**
 * Storage that is left free, in bytes. A browser without room to rewrite its database may not be able to open it again.
 */
export const reservedBytes = 64 * 1024 * 1024;

/** Returns how many bytes more the browser lets this origin store, with the reserve still free. */
export function roomIn({ quota, used }: { quota: number; used: number }): number {
  return Math.max(0, quota - used - reservedBytes);
}

/**
 * Throws `quota-exceeded` unless `neededBytes` more can be stored with the reserve still free. Does not throw if the
 * browser does not report its quota.
 */
export async function requireStorage(neededBytes: number): Promise<void> {
  // Node has no navigator before version 21, and tests run there.
  if (!('navigator' in globalThis)) return;
  const { quota, usage = 0 } = (await navigator.storage?.estimate()) ?? {};
  if (quota === undefined) return;
  const freeBytes = roomIn({ quota, used: usage });
  if (neededBytes > freeBytes) throw new AppError({ kind: 'quota-exceeded', neededBytes, freeBytes });
}

/** Runs work that stores about `neededBytes` in total. If the disk is full, the error states that number. */
export async function needing<T>(neededBytes: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.details.kind !== 'quota-exceeded' || error.details.neededBytes !== undefined) throw thrown;
    throw new AppError({ ...error.details, neededBytes }, { cause: thrown });
  }
}
