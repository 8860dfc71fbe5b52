import { runLockName } from '../protocol/locks';

/** Whether a live tab is running it: its worker holds the lock of the run. */
export async function isRunHeld(runId: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some((lock) => lock.name === runLockName(runId));
}
