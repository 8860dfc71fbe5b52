/** Takes a lock for as long as this worker lives; resolves once it is held. Who waits for it learns of the worker's death. */
export function holdForLife(lockName: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const held = (): Promise<never> => {
      resolve();
      return new Promise(() => undefined);
    };
    navigator.locks.request(lockName, held).catch(reject);
  });
}
