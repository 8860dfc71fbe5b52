import * as tf from '@tensorflow/tfjs-core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { afterEach, describe, expect, it } from 'vitest';
import {
  backendBytes,
  checkDevice,
  closeDevice,
  describeDevice,
  deviceLost,
  openDevice,
  readTensor,
} from '../../workers/engine/device';
import { inBrowser, openTestDevice, wasmBase } from './support';

afterEach(closeDevice);

function openGpu(): GPUDevice {
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) throw new Error('not on WebGPU');
  return backend.device;
}

describe('the device', () => {
  it('takes wasm where it is asked for', async () => {
    const info = await openDevice('wasm', wasmBase);
    expect(info).toMatchObject({ backend: 'wasm', reason: 'wasm-chosen', adapter: null, simd: true });
    expect(info.threads).toBeGreaterThanOrEqual(1);
    expect(tf.getBackend()).toBe('wasm');
  });

  it('takes wasm by itself where WebGPU is missing or software, says so, and describes it before', async () => {
    const reason = inBrowser ? 'software-adapter' : 'no-webgpu';
    expect(await describeDevice('auto', wasmBase)).toMatchObject({ backend: 'wasm', reason });
    expect(await openDevice('auto', wasmBase)).toMatchObject({ backend: 'wasm', reason });
  });

  it('counts the bytes of tensors', async () => {
    await openTestDevice();
    const before = backendBytes();
    const tensor = tf.add(tf.zeros([256, 256]), 1);
    await readTensor(tensor);
    expect(backendBytes()).toBeGreaterThanOrEqual(before + 256 * 256 * 4);
    tensor.dispose();
  });
});

describe.skipIf(inBrowser)('without WebGPU', () => {
  it('refuses when WebGPU was asked for', async () => {
    await expect(openDevice('webgpu', wasmBase)).rejects.toMatchObject({
      details: { kind: 'gpu-unavailable', reason: 'no-webgpu' },
    });
  });
});

describe.runIf(inBrowser)('with WebGPU', () => {
  it('opens, closes and opens again with the adapter named', async () => {
    for (let round = 0; round < 2; round++) {
      expect(await openDevice('webgpu', wasmBase)).toMatchObject({
        backend: 'webgpu',
        reason: 'webgpu-chosen',
        adapter: { architecture: 'swiftshader' },
      });
      const tensor = tf.add(tf.tensor1d([1, 2]), tf.tensor1d([3, 4]));
      expect([...(await readTensor(tensor))]).toEqual([4, 6]);
      tensor.dispose();
      closeDevice();
    }
  });

  it('remembers that memory ran out and throws it at the next readback', async () => {
    await openDevice('webgpu', wasmBase);
    const error = new GPUOutOfMemoryError('no memory');
    openGpu().dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error }));
    const tensor = tf.ones([4]);
    await expect(readTensor(tensor)).rejects.toMatchObject({ details: { kind: 'gpu-out-of-memory' } });
    expect(checkDevice).toThrow(/gpu-out-of-memory/);
    tensor.dispose();
  });

  it('reports a lost device, and none that it gave back itself', async () => {
    await openDevice('webgpu', wasmBase);
    const lost = deviceLost();
    openGpu().destroy();
    expect((await lost).details.kind).toBe('gpu-device-lost');
    expect(checkDevice).toThrow(/gpu-device-lost/);
    closeDevice();
    expect(checkDevice).not.toThrow();
  });
});
