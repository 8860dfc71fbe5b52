import type { DeviceInfo, DevicePreference } from '../../../src/domain/device';
import type { Engine } from '../../engine/engine';
import { deviceLossBehind } from './deviceRecovery';
import { closeDevice, deviceEngine, openDevice, type OpenOptions } from './openDevice';

/**
 * Opens a device for one job and closes it afterwards, which also frees the job's weights. Throws the job's error, or
 * `gpu-device-lost` if the job failed because the device was lost, since a closed device no longer reports it.
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
