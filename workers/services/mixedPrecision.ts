import { AppError } from '../../src/domain/errors';
import type { Experiment } from '../../src/domain/experiment';
import type { DevicePreference } from '../../src/domain/run';
import { offersHalf } from '../engine/device';

/**
 * Throws `half-unavailable` where a stage asks for mixed precision and the device has none: the same experiment in float32 would be another one,
 * with other numbers under the same name.
 */
export async function refuseMixedWithoutHalf({ stages }: Experiment, device: DevicePreference): Promise<void> {
  const stage = stages.findIndex(({ precision }) => precision === 'mixed');
  if (stage >= 0 && !(await offersHalf(device))) throw new AppError({ kind: 'half-unavailable', stage });
}
