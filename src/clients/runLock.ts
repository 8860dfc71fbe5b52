import { runLockName } from '../protocol/locks';

/** Whether some living tab carries the run out. */
export async function isRunHeld(runId: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some((lock) => lock.name === runLockName(runId));
}
