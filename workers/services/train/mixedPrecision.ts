import { AppError } from '../../../src/domain/errors';
import type { Experiment } from '../../../src/domain/experiment';

/**
 * Throws `half-unavailable` where a stage asks for mixed precision and the device has none: the same experiment in float32 would be another one,
 * with other numbers under the same name.
 */
export function refuseMixedWithoutHalf({ stages }: Experiment, hasHalf: boolean): void {
  const stage = stages.findIndex(({ precision }) => precision === 'mixed');
  if (stage >= 0 && !hasHalf) throw new AppError({ kind: 'half-unavailable', stage });
}
