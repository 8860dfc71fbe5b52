import { toAppError, type AppErrorDetails } from './errors';
import type { OwnWordsCode } from './errorWords';

function lossOf(details: AppErrorDetails): OwnWordsCode | null {
  if (details.kind !== 'storage-failed' || typeof details.reason !== 'object' || !('code' in details.reason))
    return null;
  const { code } = details.reason;
  return code === 'part-missing' || code === 'rows-missing' ? code : null;
}

/** Whether the error says that parts of a stored model or data set are lost. Another import puts them back. */
export function isLoss(details: AppErrorDetails): boolean {
  return lossOf(details) !== null;
}

/** Whether rows cannot be read because their data set was deleted or some of them are lost. */
export function isWithoutRows(thrown: unknown): boolean {
  const { details } = toAppError(thrown);
  return details.kind === 'data-missing' || lossOf(details) === 'rows-missing';
}
