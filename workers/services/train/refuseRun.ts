import { AppError } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';
import { memoryRefusal } from '../../../src/domain/memory/refusal';
import type { MemoryReport } from '../../../src/domain/memory/report';

/**
 * Throws `half-unavailable` if a stage needs mixed precision and the device has no half precision. Falling back to
 * float32 would run a different experiment under the same name, with different results.
 */
export function refuseMixedWithoutHalf({ stages }: Experiment, hasHalf: boolean): void {
  const stage = stages.findIndex(({ precision }) => precision === 'mixed');
  if (stage >= 0 && !hasHalf) throw new AppError({ kind: 'half-unavailable', stage });
}

/** Throws `memory-too-small`, with settings that would fit, if the run exceeds its budget. */
export function refuseTooLittleMemory(report: MemoryReport): void {
  if (!report.choice.fits) throw new AppError(memoryRefusal(report));
}
