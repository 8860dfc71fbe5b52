/**
 * Web Locks that workers and tabs use to notice each other. The browser frees a lock when its holder dies for any
 * reason.
 */

/** The GPU worker holds a run's lock while executing the run. An unfinished run whose lock is free was interrupted. */
export const runLockPrefix = 'recallsmith-run-';

export function runLockName(runId: string): string {
  return `${runLockPrefix}${runId}`;
}

/** Held during the import of a model or project, because weight parts are written before any record refers to them. */
export const weightsImportLock = 'recallsmith-weights-import';

/** Shared by imports of data sets, because rows are written before the record that refers to them. */
export const datasetImportLock = 'recallsmith-dataset-import';

/** Held while a model is downloaded from a hub, so that only one tab downloads at a time. */
export const hubDownloadLock = 'recallsmith-hub-download';
