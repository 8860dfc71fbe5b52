import { guard } from '../../../src/storage/database';

/**
 * Takes a lock that this worker keeps until it dies. Resolves once the worker has the lock. The page waits for the same
 * lock and thereby learns when the worker has died.
 */
export function holdWorkerLifeLock(lockName: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const held = (): Promise<never> => {
      resolve();
      return new Promise(() => undefined);
    };
    // A browser that refuses the page all storage also refuses locks.
    guard(() => navigator.locks.request(lockName, held)).catch(reject);
  });
}
