import { AppError, type AppErrorDetails } from '../../../src/domain/errors';
import type { DevicePreference } from '../../../src/domain/device';
import {
  wrongTensor,
  type CheckPrecision,
  type DeviceCheck,
  type DeviceCheckState,
} from '../../../src/domain/deviceCheck/deviceCheck';
import type { Experiment } from '../../../src/domain/experiment';
import { kernelsVersion } from '../../../src/domain/kernelPlan';
import type { Database } from '../../../src/storage/database';
import { getDeviceCheck, listDeviceChecks, putDeviceCheck } from '../../../src/storage/deviceChecks';
import { deviceKey, refuseDevices } from '../device/openDevice';
import { browserVersion } from '../device/browserVersion';

/** Whether a check applies to this browser version, which fixes the shader compiler, and to these kernels. */
function isCurrent({ browser, kernels }: DeviceCheck, browserNow: string): boolean {
  return browser === browserNow && kernels === kernelsVersion;
}

/**
 * Returns the error that refuses a device in a precision, or null if the check found no fault in it or did not cover
 * it.
 */
export function refusalOf(check: DeviceCheck, precision: CheckPrecision): AppErrorDetails | null {
  const wrong = wrongTensor(check, precision);
  return wrong && { kind: 'device-wrong', backend: check.device.backend, precision, ...wrong };
}

/** Makes the engine refuse the devices whose current check found wrong numbers in full precision. */
export async function applyVerdicts(db: Database): Promise<void> {
  const browser = await browserVersion();
  const refused = new Map<string, AppErrorDetails>();
  for (const [key, check] of await listDeviceChecks(db)) {
    const refusal = isCurrent(check, browser) ? refusalOf(check, 'full') : null;
    if (refusal) refused.set(key, refusal);
  }
  refuseDevices(refused);
}

/** Stores the check of the device that the preference selects, replacing any earlier one. */
export async function storeCheck(db: Database, preference: DevicePreference, check: DeviceCheck): Promise<void> {
  await putDeviceCheck(db, (await deviceKey(preference)).key, check);
}

/** Returns the stored check of the device that the preference selects, even if the device is refused. */
export async function deviceCheckState(db: Database, preference: DevicePreference): Promise<DeviceCheckState> {
  const { key, backend } = await deviceKey(preference);
  const check = (await getDeviceCheck(db, key)) ?? null;
  return { key, backend, check, current: check !== null && isCurrent(check, await browserVersion()) };
}

/** Throws `device-wrong` if a stage needs mixed precision and the device's check found wrong numbers in it. */
export async function refuseWrongMixed(
  db: Database,
  { stages }: Experiment,
  preference: DevicePreference,
): Promise<void> {
  if (stages.every(({ precision = 'full' }) => precision === 'full')) return;
  const { check, current } = await deviceCheckState(db, preference);
  const refusal = check && current ? refusalOf(check, 'mixed') : null;
  if (refusal) throw new AppError(refusal);
}
