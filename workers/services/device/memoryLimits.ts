import { budgetBytes } from '../../../src/domain/memory/budget';
import type { DeviceInfo, DevicePreference } from '../../../src/domain/run';
import { arrayBytesAllowed } from '../../engine/device';
import { threadScratchBytes } from '../../engine/wasm/wasmEngine';
import { scratchBytes } from '../../engine/engine';
import type { MemoryLimits } from '../../engine/memory/memoryLimits';

export interface MemoryRequest {
  device: DevicePreference;
  /** Null: the device's default. */
  budgetBytes: number | null;
}

/** What a run or a benchmark may take on the device which the request leads to. */
export async function memoryLimits(
  { backend, threads }: DeviceInfo,
  { device, budgetBytes: chosen }: MemoryRequest,
): Promise<Required<MemoryLimits>> {
  return {
    budgetBytes: budgetBytes(backend, chosen, deviceMemoryGiB()),
    arrayBytes: await arrayBytesAllowed(device),
    threadBytes: backend === 'wasm' ? Math.max(0, threads * threadScratchBytes - scratchBytes) : 0,
  };
}

/** What the browser tells of the machine's memory; many do not. */
export function deviceMemoryGiB(): number | undefined {
  const told: unknown = Reflect.get(navigator, 'deviceMemory');
  return typeof told === 'number' ? told : undefined;
}
