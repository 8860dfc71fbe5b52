import { describe, expect, it, vi } from 'vitest';
import type { DeviceArray } from '../../workers/engine/arrays';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { kernel } from '../../workers/engine/kernel';
import { nullGpu } from './nullDevice';

const move = kernel({
  name: 'move',
  params: { length: 'u32' },
  reads: { x: 'f32' },
  writes: { y: 'f32' },
  workgroup: [64, 1, 1],
  body: 'if (gid.x < p.length) { y[gid.x] = x[gid.x]; }',
});

function run({ commands }: WebGpuEngine, x: DeviceArray, y: DeviceArray, times = 1): void {
  for (let i = 0; i < times; i++) commands.dispatch(move, { x, y }, { length: 1024 }, 16);
}

async function opened(features: string[] = []) {
  const { gpu, errors } = await nullGpu(features);
  const [x, y] = [gpu.pool.allocate([1024]), gpu.pool.allocate([1024])];
  const dispose = (): void => {
    gpu.dispose();
    expect(errors).toEqual([]);
  };
  return { gpu, x, y, dispose };
}

describe('submits', () => {
  it('hold 16, 32, 64 … dispatches, and 16 again after a readback', async () => {
    const { gpu, x, y, dispose } = await opened();
    const sizes: number[] = [];
    const submit = gpu.commands.submit.bind(gpu.commands);
    let before = 0;
    vi.spyOn(gpu.commands, 'submit').mockImplementation(() => {
      const { dispatches } = gpu.commands.counters;
      if (dispatches > before) sizes.push(dispatches - before);
      before = dispatches;
      submit();
    });
    run(gpu, x, y, 300);
    await gpu.commands.read(y);
    run(gpu, x, y, 40);
    await gpu.commands.finished();
    expect(sizes).toEqual([16, 32, 64, 128, 60, 16, 24]);
    dispose();
  });
});

describe('bind groups', () => {
  it('are created once for equal ranges, and again for another offset, size or buffer', async () => {
    const { gpu, x, y, dispose } = await opened();
    const create = vi.spyOn(gpu.device, 'createBindGroup');
    run(gpu, x, y, 3);
    run(gpu, { ...x }, y);
    expect(create).toHaveBeenCalledTimes(1);
    run(gpu, { ...x, shape: [512] }, y);
    run(gpu, { ...x, offset: 256, shape: [512] }, y);
    run(gpu, y, x);
    expect(create).toHaveBeenCalledTimes(4);
    run(gpu, x, y);
    expect(create).toHaveBeenCalledTimes(4);
    await gpu.commands.finished();
    dispose();
  });

  it('of a destroyed buffer are dropped, so that a buffer created later never gets one of them', async () => {
    const { gpu, x, y, dispose } = await opened();
    const create = vi.spyOn(gpu.device, 'createBindGroup');
    run(gpu, x, y);
    gpu.commands.submit();
    expect(gpu.commands.cachedBindGroups).toBe(1);
    gpu.pool.free(y);
    gpu.pool.trim(0);
    expect(gpu.commands.cachedBindGroups).toBe(0);
    const z = gpu.pool.allocate([1024]);
    run(gpu, x, z);
    expect(create).toHaveBeenCalledTimes(2);
    expect(() => run(gpu, x, y)).toThrow('not a buffer of this device');
    await gpu.commands.finished();
    dispose();
  });

  it('stay the same when equal steps free their arrays in another order', async () => {
    const { gpu, x, dispose } = await opened();
    const create = vi.spyOn(gpu.device, 'createBindGroup');
    const step = (reversed: boolean): void => {
      const arrays = [gpu.pool.allocate([1024]), gpu.pool.allocate([1024]), gpu.pool.allocate([1024])];
      for (const array of arrays) run(gpu, x, array);
      for (const array of reversed ? arrays.reverse() : arrays) gpu.pool.free(array);
      gpu.commands.submit();
      gpu.pool.trim();
    };
    for (let i = 0; i < 4; i++) step(i % 2 === 0);
    expect(create).toHaveBeenCalledTimes(3);
    await gpu.commands.finished();
    dispose();
  });
});

describe('pipelines', () => {
  it('differ by which arrays are in half precision, and equal code is compiled once', async () => {
    const { gpu, x, y, dispose } = await opened(['shader-f16']);
    const half = gpu.pool.allocate([1024], 'f16');
    const compile = vi.spyOn(gpu.device, 'createComputePipeline');
    for (let i = 0; i < 2; i++) {
      run(gpu, x, y);
      run(gpu, half, y);
      run(gpu, x, half);
    }
    gpu.commands.dispatch({ ...move, name: 'the same code' }, { x, y }, { length: 1024 }, 16);
    expect(compile).toHaveBeenCalledTimes(3);
    await gpu.commands.finished();
    dispose();
  });
});

describe('readbacks', () => {
  it('of a few numbers create no buffer, even three at a time', async () => {
    const { gpu, x, y, dispose } = await opened();
    const create = vi.spyOn(gpu.device, 'createBuffer');
    const small = (array: DeviceArray) => gpu.commands.read({ ...array, shape: [7] });
    for (let i = 0; i < 5; i++) {
      const reads = await Promise.all([small(x), small(y), small(x)]);
      expect(reads.map(({ length }) => length)).toEqual([7, 7, 7]);
    }
    expect(create).not.toHaveBeenCalled();
    const four = await Promise.all([small(x), small(y), small(x), small(y)]);
    expect(four.map(({ length }) => length)).toEqual([7, 7, 7, 7]);
    expect(await gpu.commands.read(y)).toHaveLength(1024);
    expect(create).toHaveBeenCalledTimes(2);
    dispose();
  });
});
