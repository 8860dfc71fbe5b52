import type { RunRecord } from '../run';

/**
 * Whether the run stopped before its end and may resume. A run whose rows have changed may not: it would be refused
 * again.
 */
export function canResume({ status, error }: Pick<RunRecord, 'status' | 'error'>): boolean {
  return status === 'interrupted' || (status === 'failed' && error?.kind !== 'rows-changed');
}
