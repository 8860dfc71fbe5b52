import { budgetBytes } from '../../../src/domain/memory/budget';
import type { DeviceInfo, DevicePreference } from '../../../src/domain/device';
import { deviceMaxArrayBytes } from './openDevice';
import { minThreadsBytes, scratchBytes, threadScratchBytes } from '../../engine/scratch';
import type { MemoryLimits } from '../../engine/memory/memoryLimits';

export interface DeviceMemoryRequest {
  device: DevicePreference;
  /** Memory budget in bytes; null for the device's default. */
  budgetBytes: number | null;
}

/** Returns the memory limits of a run or benchmark on the requested device. */
export async function deviceMemoryLimits(
  { backend, threads }: DeviceInfo,
  { device, budgetBytes: chosen }: DeviceMemoryRequest,
): Promise<Required<MemoryLimits>> {
  return {
    budgetBytes: budgetBytes(backend, chosen, deviceMemoryGiB()),
    arrayBytes: await deviceMaxArrayBytes(device),
    threadBytes: backend === 'wasm' ? Math.max(minThreadsBytes, threads * threadScratchBytes) - scratchBytes : 0,
  };
}

/** Returns the machine's memory in GiB, or undefined in the many browsers that do not report it. */
export function deviceMemoryGiB(): number | undefined {
  const reported: unknown = Reflect.get(navigator, 'deviceMemory');
  return typeof reported === 'number' ? reported : undefined;
}
