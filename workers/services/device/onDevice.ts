import type { DeviceInfo, DevicePreference } from '../../../src/domain/device';
import type { Engine } from '../../engine/engine';
import { deviceLossBehind } from './deviceRecovery';
import { closeDevice, deviceEngine, openDevice, type OpenOptions } from './openDevice';

/**
 * Opens a device for one job and closes it after the job, which frees its weights too. Throws what the job throws, or
 * `gpu-device-lost` if the job failed because the device was lost: a closed device no longer tells.
 */
export async function onDevice<T>(
  preference: DevicePreference,
  wasmBaseUrl: string,
  work: (engine: Engine, device: DeviceInfo) => Promise<T>,
  options: OpenOptions = {},
): Promise<T> {
  const device = await openDevice(preference, wasmBaseUrl, options);
  try {
    return await work(deviceEngine(), device);
  } catch (thrown) {
    throw (await deviceLossBehind(thrown)) ?? thrown;
  } finally {
    closeDevice();
  }
}
