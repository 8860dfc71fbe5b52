import { expect, it, vi } from 'vitest';
import {
  closeDevice,
  deviceEngine,
  deviceMaxArrayBytes,
  deviceWebGpu,
  openDevice,
} from '../../workers/services/device/openDevice';
import { checkStep } from '../../workers/services/deviceCheck/checkStep';
import { EngineStep } from '../../workers/services/deviceCheck/engineStep';
import { useNullBrowser } from './nullDevice';

const gpu = useNullBrowser({ userAgent: 'node', hardwareConcurrency: 1 });

/** WebGPU's lowest values of the limits that the engine requests. */
const lowest: Partial<Record<keyof GPUSupportedLimits, number>> = {
  maxComputeWorkgroupStorageSize: 16 * 2 ** 10,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxStorageBuffersPerShaderStage: 8,
  maxBufferSize: 256 * 2 ** 20,
  maxComputeWorkgroupSizeX: 256,
  maxComputeInvocationsPerWorkgroup: 256,
};

/** Replaces the adapter with one that has no features and exactly these limits, and refuses requests for more. */
async function offerPoorAdapter(): Promise<GPUDeviceDescriptor[]> {
  const asked: GPUDeviceDescriptor[] = [];
  const adapter = await gpu.requestAdapter();
  const requestDevice = (descriptor: GPUDeviceDescriptor = {}) => {
    asked.push(descriptor);
    return adapter?.requestDevice(descriptor);
  };
  const poor = { info: adapter?.info, limits: lowest, features: new Set<string>(), requestDevice };
  vi.stubGlobal('navigator', { userAgent: 'node', gpu: { requestAdapter: () => Promise.resolve(poor) } });
  return asked;
}

it('an adapter without timestamps and subgroups, with 16 KiB of workgroup memory and 8 storage buffers, trains', async () => {
  const asked = await offerPoorAdapter();
  const device = await openDevice('webgpu', '');
  expect(device).toMatchObject({ backend: 'webgpu', reason: 'webgpu-chosen' });
  expect(asked).toEqual([{ requiredLimits: lowest, requiredFeatures: [] }]);
  const opened = deviceWebGpu()?.device;
  for (const feature of ['timestamp-query', 'subgroups', 'shader-f16'] as const)
    expect(opened?.features.has(feature), feature).toBe(false);
  expect(opened?.limits.maxComputeWorkgroupStorageSize).toBe(16 * 2 ** 10);
  expect(await deviceMaxArrayBytes('webgpu')).toBe(128 * 2 ** 20);
  for (const size of ['small', 'full'] as const) {
    const step = new EngineStep(deviceEngine(), checkStep(size), 'full');
    // A readback throws if a shader, a binding or a dispatch exceeded a limit.
    expect((await step.result()).gradients.size).toBe(37);
    step.dispose();
  }
  expect(deviceEngine().hasHalf).toBe(false);
  expect(deviceEngine().pool.liveArrays).toBe(0);
  closeDevice();
});
