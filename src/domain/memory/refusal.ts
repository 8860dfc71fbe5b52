import type { AppErrorDetails } from '../errors';
import type { MemoryReport } from './report';

/** Returns the error for a run that does not fit: the limit it exceeds, and the settings that would fit. */
export function memoryRefusal({
  choice,
  proposal,
  budgetBytes,
  canRaise,
}: Pick<MemoryReport, 'choice' | 'proposal' | 'budgetBytes' | 'canRaise'>): Extract<
  AppErrorDetails,
  { kind: 'memory-too-small' }
> {
  const { limit, neededBytes, limitBytes } = choice.shortage ?? {
    limit: 'budget',
    neededBytes: choice.need.total,
    limitBytes: budgetBytes,
  };
  return { kind: 'memory-too-small', limit, neededBytes, limitBytes, canRaise, ...proposal };
}
