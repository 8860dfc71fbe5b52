import type { RunRecord } from '../run';

/** Whether the run stopped before its end and may resume. One whose rows have changed would be refused again. */
export function canResume({ status, error }: Pick<RunRecord, 'status' | 'error'>): boolean {
  return status === 'interrupted' || (status === 'failed' && error?.kind !== 'rows-changed');
}
