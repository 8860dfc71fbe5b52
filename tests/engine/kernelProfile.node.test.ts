import { describe, expect, it } from 'vitest';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { kernel } from '../../workers/engine/kernel';
import { nullGpu } from './nullDevice';

const double = kernel({
  name: 'double',
  params: { length: 'u32' },
  reads: { x: 'f32' },
  writes: { y: 'f32' },
  workgroup: [64, 1, 1],
  flops: ({ length }) => length,
  body: 'if (gid.x < p.length) { y[gid.x] = 2.0 * x[gid.x]; }',
});
const move = kernel({
  name: 'move',
  params: { length: 'u32' },
  reads: { x: 'f32' },
  writes: { y: 'f32' },
  workgroup: [64, 1, 1],
  body: 'if (gid.x < p.length) { y[gid.x] = x[gid.x]; }',
});

async function opened(features: string[] = ['timestamp-query']) {
  const { gpu, errors } = await nullGpu(features);
  const [x, y] = [gpu.pool.allocate([1024]), gpu.pool.allocate([1024])];
  const run = (which: typeof double): void => gpu.commands.dispatch(which, { x, y }, { length: 1024 }, 16);
  return { gpu, errors, x, y, run };
}

function closed(gpu: WebGpuEngine, errors: string[]): void {
  gpu.dispose();
  expect(errors).toEqual([]);
}

describe('a timed pass', () => {
  it('is a single submit, after that of earlier commands, and returns milliseconds', async () => {
    const { gpu, errors, run } = await opened();
    run(double);
    const ms = await gpu.commands.timed(() => {
      for (let i = 0; i < 3000; i++) run(double);
    });
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(gpu.commands.counters).toMatchObject({ dispatches: 3001, submits: 2 });
    closed(gpu, errors);
  });

  it('runs untimed and returns undefined on a device without timestamps', async () => {
    const { gpu, errors, run } = await opened([]);
    expect(await gpu.commands.timed(() => run(double))).toBeUndefined();
    expect(gpu.commands.counters).toMatchObject({ dispatches: 1, submits: 1 });
    closed(gpu, errors);
  });

  it('rejects a copy and more dispatches than a submit has room for, and leaves the commands usable', async () => {
    const { gpu, errors, x, y, run } = await opened();
    await expect(gpu.commands.timed(() => gpu.commands.copy(x, y))).rejects.toThrow('only dispatches can be timed');
    const tooMany = () => {
      for (let i = 0; i < 4097; i++) run(double);
    };
    await expect(gpu.commands.timed(tooMany)).rejects.toThrow('more than 4096 dispatches in a timed pass');
    run(double);
    expect(await gpu.commands.read(y)).toHaveLength(1024);
    closed(gpu, errors);
  });
});

describe('a profile', () => {
  it('counts dispatches, bound bytes and FLOPs by kernel, over several submits, copies and query sets', async () => {
    const { gpu, errors, x, y, run } = await opened();
    run(double);
    gpu.commands.startProfile();
    for (let i = 0; i < 2500; i++) run(double);
    gpu.commands.copy(x, y);
    run(move);
    gpu.commands.submit();
    run(move);
    const sums = await gpu.commands.finishProfile();
    run(double);
    expect(sums).toHaveLength(2);
    expect(sums.find(({ name }) => name === 'double')).toMatchObject({
      count: 2500,
      bytes: 2500 * 8192,
      flops: 2500 * 1024,
    });
    expect(sums.find(({ name }) => name === 'move')).toMatchObject({ count: 2, bytes: 2 * 8192, flops: 0 });
    expect(await gpu.commands.finishProfile()).toEqual([]);
    closed(gpu, errors);
  });

  it('is empty on a device without timestamps', async () => {
    const { gpu, errors, run } = await opened([]);
    gpu.commands.startProfile();
    run(double);
    expect(await gpu.commands.finishProfile()).toEqual([]);
    closed(gpu, errors);
  });
});
