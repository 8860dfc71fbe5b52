/**
 * Web Locks that workers and tabs use to notice each other. The browser frees a lock when its holder dies for any
 * reason.
 */

/** The GPU worker holds a run's lock while executing the run. An unfinished run whose lock is free was interrupted. */
export const runLockPrefix = 'recallsmith-run-';

export function runLockName(runId: string): string {
  return `${runLockPrefix}${runId}`;
}

/** Held while a model or project is imported, because its weight parts are written before any record refers to them. */
export const weightsImportLock = 'recallsmith-weights-import';

/** Shared by imports of data sets, which write rows before the record that refers to them. */
export const datasetImportLock = 'recallsmith-dataset-import';

/** Held while a model is fetched from a hub. One tab downloads at a time. */
export const hubDownloadLock = 'recallsmith-hub-download';
