import { runLockName } from '../protocol/locks';

/** Whether a worker in any tab holds the run's lock, and so is carrying out the run. */
export async function isRunHeld(runId: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some((lock) => lock.name === runLockName(runId));
}
