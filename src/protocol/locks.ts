/** Web Locks by which threads and tabs know of each other: each is freed when its holder dies, however it dies. */

/** Held by the GPU worker while it carries a run out: a run whose lock nobody holds was interrupted. */
export const runLockPrefix = 'recallsmith-run-';

export function runLockName(runId: string): string {
  return `${runLockPrefix}${runId}`;
}

/** Held while a model or a project comes in: parts of weights are being written that no record names yet. */
export const weightsImportLock = 'recallsmith-weights-import';

/** What every worker is told first. */
export interface WorkerOptions {
  /** Where the page lies, with a trailing slash: wasm files and the demo are found below it. */
  baseUrl: string;
  /** The lock that the worker takes and never gives back: who gets it next knows that the worker is dead. */
  lifeLock: string;
}
