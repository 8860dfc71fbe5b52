import type { ArrayPool } from '../../workers/engine/arrayPool';
import { deviceEngine, deviceWebGpu, openDevice, throwGpuFailure } from '../../workers/services/device/openDevice';
import { releaseIdleMemory } from '../../workers/engine/releaseIdleMemory';
import { inBrowser, wasmBase } from './environment';

function currentPool(): ArrayPool | null {
  try {
    return deviceEngine().pool;
  } catch {
    return null;
  }
}

/** Returns the bytes that the open device holds, idle buffers included, or 0 if no device is open. */
export function testDeviceBytes(): number {
  return currentPool()?.totalBytes ?? 0;
}

/** Returns the number of arrays that were allocated and not freed, or 0 if no device is open. */
export function testDeviceLiveArrays(): number {
  return currentPool()?.liveArrays ?? 0;
}

/**
 * Opens the device under test: WebGPU in a browser, wasm in Node. All test files in the browser share one page and,
 * unless a test closes it, one device, because a software adapter takes seconds to compile a kernel.
 */
export async function openTestDevice(): Promise<void> {
  const open = deviceWebGpu();
  if (!open) {
    await openDevice(inBrowser ? 'webgpu' : 'wasm', wasmBase);
    return;
  }
  throwGpuFailure();
  open.plan = undefined;
  releaseIdleMemory(open);
}
