import { runLockName } from '../protocol/locks';

/** Whether a worker in any tab holds the run's lock, which means that it is executing the run. */
export async function isRunHeld(runId: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some((lock) => lock.name === runLockName(runId));
}
