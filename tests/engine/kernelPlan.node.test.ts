import 'fake-indexeddb/auto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  formatKernelPlan,
  kernelsVersion,
  parseKernelPlan,
  unmeasuredPlan,
  type KernelPlan,
} from '../../src/domain/kernelPlan';
import type { DeviceInfo } from '../../src/domain/device';
import { openDatabase } from '../../src/storage/database';
import { getKernelPlan } from '../../src/storage/kernelPlans';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { kernel } from '../../workers/engine/kernel';
import { tunedTilings, tuneMatmul } from '../../workers/engine/tuning/tuneMatmul';
import { candidateTilings } from '../../workers/engine/tuning/candidates';
import { forwardShapes } from '../../workers/engine/tuning/modelShapes';
import { planKey } from '../../workers/engine/ops/matmul/planKey';
import {
  kernelPlanOfRun,
  kernelPlanStoreKey,
  kernelShapesOfRun,
  type KernelPlanInput,
} from '../../workers/services/device/kernelPlanOfRun';
import { bertConfig } from './configs';
import { nullGpu } from './nullDevice';
import { seededRandom } from './random';
import { matmulFlops, type MatmulShape } from '../../workers/engine/ops/matmul/matmulShape';
import { kernelLimits } from '../../workers/engine/tuning/kernelLimits';

const config = bertConfig({
  layers: 2,
  hiddenSize: 128,
  heads: 4,
  intermediateSize: 256,
  vocabularySize: 100,
  maxPositions: 64,
});

const device: DeviceInfo = {
  backend: 'webgpu',
  reason: 'webgpu-available',
  threads: 0,
  simd: false,
  adapter: { vendor: 'v', architecture: 'a', description: 'd' },
};
const tokens = { training: 300, encoding: 2000 };
const opened: WebGpuEngine[] = [];
let databases = 0;

afterEach(() => {
  for (const gpu of opened.splice(0)) {
    expect(gpu.pool.liveArrays).toBe(0);
    gpu.dispose();
  }
});

async function input(
  features: readonly string[] = ['subgroups'],
): Promise<KernelPlanInput & { gpu: WebGpuEngine; errors: string[] }> {
  const { gpu, errors } = await nullGpu(features);
  opened.push(gpu);
  const db = await openDatabase(`plans ${databases++}`);
  return { db, gpu, device, config, tokens, browser: 'a browser', errors };
}

const tiling = { threadRows: 4, threadColumns: 4, workgroup: [16, 16], sharedDepth: 16 } as const;
const recorded = (own: KernelPlan['matmul'][string]): KernelPlan => ({
  backend: 'webgpu',
  kernels: kernelsVersion,
  matmul: { 'NT plain 128x384 @512': own },
});

/** A null device takes no time for any kernel, so a few candidates show as much as all of them. */
const fewCandidates = (gpu: WebGpuEngine) => (shape: MatmulShape) =>
  candidateTilings(gpu.traits, kernelLimits(gpu), shape).slice(0, 3);

describe('measuring kernels on a device', () => {
  it('chooses a tiling for each shape without leaks or device errors', async () => {
    const { gpu, errors } = await input();
    const shapes = kernelShapesOfRun({ config, tokens });
    const tuned = await tuneMatmul(gpu, shapes, { budgetMs: 60_000, candidates: fewCandidates(gpu) });
    expect(tuned).toHaveLength(shapes.length);
    for (const { gflops, tiling } of tuned) {
      expect(gflops).toBeGreaterThan(0);
      expect(tiling.threadRows).toBeGreaterThanOrEqual(4);
    }
    expect(errors).toEqual([]);
  });

  it('chooses tilings for half-precision products separately', async () => {
    const { gpu, errors } = await input(['shader-f16', 'subgroups']);
    const shapes = kernelShapesOfRun({ config, tokens, precisions: ['mixed', 'full'] });
    const halves = shapes.filter(({ half }) => half);
    expect(halves).toHaveLength(12);
    const plan = tunedTilings(await tuneMatmul(gpu, halves, { budgetMs: 60_000, candidates: fewCandidates(gpu) }));
    expect(Object.keys(plan).sort()).toEqual(halves.map((shape) => planKey(shape)).sort());
    expect(errors).toEqual([]);
  });

  it('rejects a kernel that does not compile and keeps the device usable', async () => {
    const { gpu, errors } = await input();
    const refused = (body: string) =>
      kernel({ name: 'refused', params: {}, reads: {}, writes: { y: 'f32' }, workgroup: [1, 1, 1], body });
    for (const body of ['y[0] = no_such_function(1.0);', 'y[0] = }']) {
      await expect(gpu.commands.prepare(refused(body))).rejects.toThrow();
    }
    await gpu.commands.finished();
    expect(errors).toEqual([]);
  });

  it('keeps the default tiling when all others compute different numbers', async () => {
    const { gpu } = await input();
    const random = seededRandom(5);
    vi.spyOn(gpu.commands, 'read').mockImplementation(({ shape }) =>
      Promise.resolve(Float32Array.from({ length: (shape[0] ?? 0) * (shape[1] ?? 0) }, random)),
    );
    const shapes = kernelShapesOfRun({ config, tokens });
    const candidates = fewCandidates(gpu);
    const tuned = await tuneMatmul(gpu, shapes, { budgetMs: 60_000, candidates });
    expect(tuned.map(({ shape }) => planKey(shape)).sort()).toEqual(shapes.map((shape) => planKey(shape)).sort());
    for (const { shape, tiling } of tuned) expect(tiling, planKey(shape)).toEqual(candidates(shape)[0]);
    // Two shapes compare all candidates; the others have none left to compare.
    expect(tuned.map(({ refused }) => refused?.bits ?? 0).toSorted()).toEqual([...shapes.slice(2).map(() => 0), 2, 2]);
  });

  it('stops when its time budget is used up, but not before the shape with the most work is measured', async () => {
    const { gpu } = await input();
    const shapes = forwardShapes(config, 300);
    const largest = Math.max(...shapes.map((shape) => matmulFlops(shape)));
    const tuned = await tuneMatmul(gpu, shapes, { budgetMs: 10, candidates: fewCandidates(gpu) });
    expect([shapes.length, tuned.length]).toEqual([4, 1]);
    expect(tuned.map(({ shape }) => matmulFlops(shape))).toEqual([largest]);
  });
});

describe('the kernel plan of a run', () => {
  it('is measured once and then found by adapter, browser, kernel version and shapes', async () => {
    const given = await input();
    const first = await kernelPlanOfRun(given, '');
    expect(Object.keys(first.matmul).length).toBeGreaterThan(0);
    const key = kernelPlanStoreKey(given, kernelShapesOfRun(given));
    expect(await getKernelPlan(given.db, key)).toEqual(first);
    const never = { between: () => Promise.reject(new Error('measured again')) };
    expect(await kernelPlanOfRun(given, '', never)).toEqual(first);
    await expect(kernelPlanOfRun({ ...given, browser: 'the next version' }, '', never)).rejects.toThrow(
      'measured again',
    );
    const other = {
      ...given,
      device: { ...device, adapter: { vendor: 'v', architecture: 'a', description: 'another' } },
    };
    await expect(kernelPlanOfRun(other, '', never)).rejects.toThrow('measured again');
  });

  it("is read from the run's record on resume, even if a newer plan was measured", async () => {
    const given = await input();
    await kernelPlanOfRun(given, '');
    const plan = recorded(tiling);
    expect(await kernelPlanOfRun(given, formatKernelPlan(plan))).toEqual(plan);
  });

  it('is measured again if the recorded plan does not suit this device or these kernels', async () => {
    const given = await input([]);
    const bySubgroups = {
      threadRows: 8,
      threadColumns: 4,
      workgroup: [64, 1],
      sharedDepth: 0,
      subgroups: true,
    } as const;
    const plan = formatKernelPlan(recorded(bySubgroups));
    expect(parseKernelPlan(plan)).not.toBeNull();
    expect(formatKernelPlan(await kernelPlanOfRun(given, plan))).not.toBe(plan);
    const older = { ...recorded(tiling), kernels: kernelsVersion - 1 };
    expect((await kernelPlanOfRun(given, formatKernelPlan(older))).kernels).toBe(kernelsVersion);
    const wasm = formatKernelPlan(unmeasuredPlan('wasm'));
    expect((await kernelPlanOfRun(given, wasm)).backend).toBe('webgpu');
  });

  it('follows the fixed rules on wasm and is not measured', async () => {
    const given = await input();
    expect(await kernelPlanOfRun({ ...given, gpu: null, device: { ...device, backend: 'wasm' } }, '')).toEqual(
      unmeasuredPlan('wasm'),
    );
  });

  it('is the same after formatting and parsing, and no other text parses as a plan', () => {
    const plan = recorded(tiling);
    expect(parseKernelPlan(formatKernelPlan(plan))).toEqual(plan);
    const foreign = { ...plan, matmul: { x: { ...tiling, threadRows: 4096 } } };
    for (const text of ['', 'reference-webgpu', '{}', JSON.stringify(foreign)])
      expect(parseKernelPlan(text)).toBeNull();
  });
});
