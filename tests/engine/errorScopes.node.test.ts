import { describe, expect, it } from 'vitest';
import { closeDevice, openDevice, currentWebGpu } from '../../workers/engine/device';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { useNullBrowser } from './nullDevice';

useNullBrowser();

async function opened(): Promise<WebGpuEngine> {
  await openDevice('webgpu', '');
  const gpu = currentWebGpu();
  if (!gpu) throw new Error('not on WebGPU');
  return gpu;
}

/** Dawn's null backend has 512 MiB to give. */
function useUp(gpu: WebGpuEngine): void {
  for (let array = 0; array < 3; array++) gpu.commands.clear(gpu.pool.allocate([60 * 2 ** 20]));
}

describe('memory that runs out', () => {
  it('is what the next readback throws, not the commands that it spoils', async () => {
    const gpu = await opened();
    const kept = gpu.commands.upload(Float32Array.of(1, 2, 3, 4));
    expect(await gpu.commands.read(kept)).toHaveLength(4);
    useUp(gpu);
    await expect(gpu.commands.read(kept)).rejects.toMatchObject({ details: { kind: 'gpu-out-of-memory' } });
    await expect(gpu.commands.finished()).rejects.toMatchObject({ details: { kind: 'gpu-out-of-memory' } });
  });

  it('is thrown also where it ran out submits before', async () => {
    const gpu = await opened();
    const kept = gpu.commands.upload(Float32Array.of(1, 2, 3, 4));
    useUp(gpu);
    for (let submit = 0; submit < 3; submit++) {
      gpu.commands.submit();
      gpu.commands.clear(kept);
    }
    await expect(gpu.commands.read(kept)).rejects.toMatchObject({ details: { kind: 'gpu-out-of-memory' } });
  });

  it('of one device does not fail the next', async () => {
    const gpu = await opened();
    useUp(gpu);
    gpu.commands.submit();
    closeDevice();
    const { commands } = await opened();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await commands.read(commands.upload(Float32Array.of(1)))).toHaveLength(1);
  });
});
