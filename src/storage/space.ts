import { AppError, toAppError } from '../domain/errors';

/** Bytes of storage to leave free. A browser without space to rewrite its database may not be able to open it again. */
export const reservedBytes = 64 * 1024 * 1024;

/** Returns how many more bytes the browser lets this origin store without using the reserve. */
export function roomIn({ quota, used }: { quota: number; used: number }): number {
  return Math.max(0, quota - used - reservedBytes);
}

/**
 * Throws `quota-exceeded` unless `neededBytes` more can be stored without using the reserve. Does not throw if the
 * browser does not report its quota.
 */
export async function requireStorage(neededBytes: number): Promise<void> {
  // Tests run in Node, which has no navigator before version 21.
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
