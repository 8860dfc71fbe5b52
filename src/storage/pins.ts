const pinLock = 'recallsmith-pinned-weights';

/** Undefined only in tests in Node 20, where a database has a single user. */
const locks = (): LockManager | undefined => globalThis.navigator?.locks;

/** Keeps stored weights from being deleted, in any tab, until `work` ends. */
export async function whilePinned<T>(work: () => Promise<T>): Promise<T> {
  const manager = locks();
  return manager ? manager.request(pinLock, { mode: 'shared' }, work) : work();
}

/**
 * Calls `work`. While a project is being saved, `mayDelete` is false and stored weights must stay. Weights that had to
 * stay have no owner, so the next sweep deletes them.
 */
export async function unlessPinned<T>(work: (mayDelete: boolean) => Promise<T>): Promise<T> {
  const manager = locks();
  return manager ? manager.request(pinLock, { ifAvailable: true }, (lock) => work(lock !== null)) : work(true);
}

/** Waits until no project is being saved, and makes new saves wait until `work` ends. */
export async function onceUnpinned<T>(work: () => Promise<T>): Promise<T> {
  const manager = locks();
  return manager ? manager.request(pinLock, work) : work();
}
