/**
 * Web Locks through which workers and tabs know of each other. The browser frees a lock when its holder dies, for
 * whatever reason.
 */

/** The GPU worker holds a run's lock while carrying it out. An unfinished run whose lock is free was interrupted. */
export const runLockPrefix = 'recallsmith-run-';

export function runLockName(runId: string): string {
  return `${runLockPrefix}${runId}`;
}

/** Held during the import of a model or project, while weight parts are written that no record refers to yet. */
export const weightsImportLock = 'recallsmith-weights-import';

/** Held while a model is fetched from a hub. One tab downloads at a time. */
export const hubDownloadLock = 'recallsmith-hub-download';

/** Settings that a worker receives in its first call. */
export interface WorkerOptions {
  /** URL of the page's folder, with a trailing slash. Wasm files and the demo are below it. */
  baseUrl: string;
  /** The worker takes this lock and never releases it. Whoever acquires it next knows that the worker is dead. */
  lifeLock: string;
}
