import { runLockName } from '../protocol/locks';

/** Whether a worker in some tab holds the lock of this run, which means that it is running it. */
export async function isRunHeld(runId: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some((lock) => lock.name === runLockName(runId));
}
