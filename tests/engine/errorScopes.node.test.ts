import { describe, expect, it } from 'vitest';
import { closeDevice, openDevice, deviceWebGpu } from '../../workers/services/device/openDevice';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { useNullBrowser } from './nullDevice';

useNullBrowser();

async function opened(): Promise<WebGpuEngine> {
  await openDevice('webgpu', '');
  const gpu = deviceWebGpu();
  if (!gpu) throw new Error('not on WebGPU');
  return gpu;
}

/** Allocates more than the 512 MiB that Dawn's null backend has. */
function useUp(gpu: WebGpuEngine): void {
  for (let array = 0; array < 3; array++) gpu.commands.clear(gpu.pool.allocate([60 * 2 ** 20]));
}

describe('running out of device memory', () => {
  it('makes the next readback throw gpu-out-of-memory instead of the validation errors that follow', async () => {
    const gpu = await opened();
    const kept = gpu.commands.upload(Float32Array.of(1, 2, 3, 4));
    expect(await gpu.commands.read(kept)).toHaveLength(4);
    useUp(gpu);
    await expect(gpu.commands.read(kept)).rejects.toMatchObject({ details: { kind: 'gpu-out-of-memory' } });
    await expect(gpu.commands.finished()).rejects.toMatchObject({ details: { kind: 'gpu-out-of-memory' } });
  });

  it('makes a readback throw even several submits later', async () => {
    const gpu = await opened();
    const kept = gpu.commands.upload(Float32Array.of(1, 2, 3, 4));
    useUp(gpu);
    for (let submit = 0; submit < 3; submit++) {
      gpu.commands.submit();
      gpu.commands.clear(kept);
    }
    await expect(gpu.commands.read(kept)).rejects.toMatchObject({ details: { kind: 'gpu-out-of-memory' } });
  });

  it('does not fail the next device', async () => {
    const gpu = await opened();
    useUp(gpu);
    gpu.commands.submit();
    closeDevice();
    const { commands } = await opened();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await commands.read(commands.upload(Float32Array.of(1)))).toHaveLength(1);
  });
});
