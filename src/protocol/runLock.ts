/** The Web Lock that the GPU worker holds while it carries a run out; it is freed when the worker dies, however it dies. */
export const runLockPrefix = 'recallsmith-run-';

export function runLockName(runId: string): string {
  return `${runLockPrefix}${runId}`;
}
