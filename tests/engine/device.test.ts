import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  throwGpuFailure,
  closeDevice,
  describeDevice,
  deviceMaxArrayBytes,
  deviceOffersHalf,
  deviceLost,
  openDevice,
  deviceEngine,
  deviceWebGpu,
} from '../../workers/services/device/openDevice';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { inBrowser, wasmBase } from './environment';
import { testDeviceBytes, openTestDevice } from './testDevice';

afterEach(closeDevice);

describe('opening a device', () => {
  it('opens wasm when wasm is chosen', async () => {
    const info = await openDevice('wasm', wasmBase);
    expect(info).toMatchObject({ backend: 'wasm', reason: 'wasm-chosen', adapter: null, simd: true });
    expect(info.threads).toBeGreaterThanOrEqual(1);
  });

  it('falls back to wasm if WebGPU is missing or runs on the CPU, and gives the reason before and after', async () => {
    const reason = inBrowser ? 'software-adapter' : 'no-webgpu';
    expect(await describeDevice('auto')).toMatchObject({ backend: 'wasm', reason });
    expect(await openDevice('auto', wasmBase)).toMatchObject({ backend: 'wasm', reason });
  });

  it('counts the bytes of arrays until the device is closed', async () => {
    await openTestDevice();
    const before = testDeviceBytes();
    deviceEngine().pool.allocate([256, 256]);
    expect(testDeviceBytes()).toBe(before + 256 * 256 * 4);
    closeDevice();
    expect(testDeviceBytes()).toBe(0);
  });
});

// A stub replaces WebGPU, which cannot be replaced in a page whose device other test files use.
describe.skipIf(inBrowser)('an adapter that provides no device (skipped in a browser, whose WebGPU must stay)', () => {
  const refused = () => Promise.reject(new DOMException('lost'));
  const given = () => Promise.resolve({ destroy: () => undefined } as GPUDevice);
  /** Replaces WebGPU with a stub whose adapters answer requests for a device in this order; the last answer repeats. */
  function stubGpu(...answers: (() => Promise<GPUDevice>)[]): void {
    const requestAdapter = () =>
      Promise.resolve({
        info: { vendor: 'v', architecture: 'a', description: '' },
        limits: {},
        features: new Set(['shader-f16']),
        requestDevice: () => (answers.length > 1 ? answers.shift() : answers[0])?.(),
      });
    vi.stubGlobal('navigator', { hardwareConcurrency: 1, gpu: { requestAdapter } });
  }
  afterEach(() => void vi.unstubAllGlobals());

  it('makes auto plan and compute on wasm, with the reason', async () => {
    stubGpu(refused);
    const expected = { backend: 'wasm', reason: 'no-device', adapter: null };
    expect(await describeDevice('auto')).toMatchObject(expected);
    expect([await deviceOffersHalf('auto'), await deviceMaxArrayBytes('auto')]).toEqual([false, Infinity]);
    expect(await openDevice('auto', wasmBase)).toMatchObject(expected);
    await expect(openDevice('webgpu', wasmBase)).rejects.toMatchObject({ details: { kind: 'gpu-unavailable' } });
  });

  it('makes auto open wasm even if the adapter provided a device before', async () => {
    stubGpu(given, refused);
    expect(await describeDevice('auto')).toMatchObject({ backend: 'webgpu', reason: 'webgpu-available' });
    expect(await openDevice('auto', wasmBase)).toMatchObject({ backend: 'wasm', reason: 'no-device' });
    expect(deviceEngine().traits).toBeDefined();
  });
});

describe.skipIf(inBrowser)('opening a device without WebGPU (skipped in a browser, which has WebGPU)', () => {
  it('throws gpu-unavailable when WebGPU is chosen', async () => {
    await expect(openDevice('webgpu', wasmBase)).rejects.toMatchObject({
      details: { kind: 'gpu-unavailable', reason: { code: 'no-webgpu' } },
    });
  });
});

describe.runIf(inBrowser)('a WebGPU device (skipped in Node, which has no WebGPU)', () => {
  async function opened(): Promise<WebGpuEngine> {
    await openDevice('webgpu', wasmBase);
    const gpu = deviceWebGpu();
    if (!gpu) throw new Error('not on WebGPU');
    return gpu;
  }

  it('can be closed and opened again, and names its adapter', async () => {
    for (let round = 0; round < 2; round++) {
      expect(await openDevice('webgpu', wasmBase)).toMatchObject({
        backend: 'webgpu',
        reason: 'webgpu-chosen',
        adapter: { architecture: 'swiftshader' },
      });
      const gpu = deviceWebGpu();
      const array = gpu?.commands.upload(Float32Array.of(4, 6));
      expect(array && [...((await gpu?.commands.read(array)) ?? [])]).toEqual([4, 6]);
      closeDevice();
    }
  });

  it('has subgroups if the adapter offers them', async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const { features } = (await opened()).device;
    expect(features.has('subgroups')).toBe(adapter?.features.has('subgroups'));
    expect(features.has('subgroups')).toBe(true); // SwiftShader has subgroups, and the kernel tests rely on them
  });

  it('counts the bytes of buffers', async () => {
    const gpu = await opened();
    const before = testDeviceBytes();
    const array = gpu.pool.allocate([256, 256]);
    expect(testDeviceBytes()).toBe(before + 256 * 256 * 4);
    gpu.pool.free(array);
  });

  it('throws an out-of-memory error at the next readback', async () => {
    const gpu = await opened();
    const error = new GPUOutOfMemoryError('no memory');
    gpu.device.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error }));
    const array = gpu.commands.upload(new Float32Array(4));
    await expect(gpu.commands.read(array)).rejects.toMatchObject({ details: { kind: 'gpu-out-of-memory' } });
    expect(throwGpuFailure).toThrow(/gpu-out-of-memory/);
  });

  it('fails a readback whose submit the device dropped', async () => {
    const gpu = await opened();
    const kept = gpu.commands.upload(Float32Array.of(1, 2, 3, 4));
    expect([...(await gpu.commands.read(kept))]).toEqual([1, 2, 3, 4]);
    const never = gpu.pool.allocate([gpu.device.limits.maxBufferSize / 4 + 64]);
    gpu.commands.clear(never);
    gpu.commands.submit();
    await expect(gpu.commands.read(kept)).rejects.toMatchObject({ details: { kind: 'unexpected' } });
  });

  it('reports a lost device, but not one that was closed', async () => {
    const gpu = await opened();
    const lost = deviceLost();
    gpu.device.destroy();
    expect((await lost).details.kind).toBe('gpu-device-lost');
    expect(throwGpuFailure).toThrow(/gpu-device-lost/);
    closeDevice();
    expect(throwGpuFailure).not.toThrow();
  });
});
