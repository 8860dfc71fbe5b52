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
import { getKernelPlan, putKernelPlan } from '../../src/storage/kernelPlans';
import { arrayLength } from '../../workers/engine/arrays';
import { adapterIdentity } from '../../workers/engine/gpu/adapterIdentity';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { kernel } from '../../workers/engine/kernel';
import { tunedTilings, tuneMatmul } from '../../workers/engine/tuning/tuneMatmul';
import { candidateTilings } from '../../workers/engine/tuning/candidates';
import { forwardShapes } from '../../workers/engine/tuning/modelShapes';
import { defaultTiling } from '../../workers/engine/ops/matmul/defaultTiling';
import { planKey } from '../../workers/engine/ops/matmul/planKey';
import {
  kernelPlanOfRun,
  kernelPlanStoreKey,
  kernelShapesOfRun,
  type KernelPlanInput,
} from '../../workers/services/device/kernelPlanOfRun';
import { bertConfig } from './configs';
import { nullGpu, useShortMeasurements } from './nullDevice';
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
useShortMeasurements();
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
  // A null device computes nothing, so its arrays contain arbitrary numbers.
  vi.spyOn(gpu.commands, 'read').mockImplementation(({ shape }) =>
    Promise.resolve(new Float32Array(arrayLength(shape))),
  );
  const db = await openDatabase(`plans ${databases++}`);
  return { db, gpu, device, config, tokens, browser: 'a browser', errors };
}

const tiling = { threadRows: 4, threadColumns: 4, workgroup: [16, 16], sharedDepth: 16 } as const;
const recorded = (own: KernelPlan['matmul'][string]): KernelPlan => ({
  backend: 'webgpu',
  kernels: kernelsVersion,
  matmul: { 'NT plain 128x384 @512': own },
});

/** On a null device every kernel takes no time, so a few candidates prove as much as all of them. */
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
  const never = { between: () => Promise.reject(new Error('measured again')) };
  /** Options for a quick measurement, because on a null device every kernel takes no time. */
  const quickly = (gpu: WebGpuEngine) => ({ budgetMs: 60_000, candidates: fewCandidates(gpu) });
  /** Options with enough time for only one product. */
  const briefly = (gpu: WebGpuEngine) => ({ ...quickly(gpu), budgetMs: 10 });

  it('is measured once and then found by adapter, browser, kernel version and shapes', async () => {
    const given = await input();
    const first = await kernelPlanOfRun(given, '', quickly(given.gpu));
    expect(Object.keys(first.plan.matmul).length).toBeGreaterThan(0);
    const key = kernelPlanStoreKey(given, kernelShapesOfRun(given));
    expect(await getKernelPlan(given.db, key)).toMatchObject({ plan: first.plan });
    const again = await kernelPlanOfRun(given, '', never);
    expect(again.plan).toEqual(first.plan);
    expect(again.tuning).toEqual({ ...first.tuning, source: 'stored', ms: again.tuning?.ms });
    expect(again.tuning?.products).toHaveLength(kernelShapesOfRun(given).length);
    for (const other of [
      { ...given, browser: 'the next version' },
      { ...given, device: { ...device, adapter: { vendor: 'v', architecture: 'a', description: 'another' } } },
      { ...given, tokens: { ...tokens, training: 3000 } },
    ])
      await expect(kernelPlanOfRun(other, '', never)).rejects.toThrow('measured again');
  });

  it('is measured again on an adapter with the same names but other features or limits', async () => {
    const given = await input();
    const key = (gpu: WebGpuEngine): string => kernelPlanStoreKey({ ...given, gpu }, kernelShapesOfRun(given));
    const { gpu: same } = await input();
    const { gpu: withHalf } = await input(['subgroups', 'shader-f16']);
    expect(key(same)).toBe(key(given.gpu));
    expect(key(withHalf)).not.toBe(key(given.gpu));
    expect(adapterIdentity(same.device)).toMatchObject({
      features: expect.arrayContaining(['subgroups']) as string[],
      limits: { maxComputeWorkgroupStorageSize: 16_384, maxStorageBuffersPerShaderStage: 8 },
    });
    expect(Object.keys(adapterIdentity(same.device))).toEqual(
      expect.arrayContaining(['vendor', 'architecture', 'device', 'description', 'subgroupMinSize', 'subgroupMaxSize']),
    );
  });

  it('says which products were measured, at what speed, and what was left to the fixed rules', async () => {
    const given = await input();
    const shapes = kernelShapesOfRun(given);
    const { tuning } = await kernelPlanOfRun(given, '', briefly(given.gpu));
    expect(tuning).toMatchObject({
      source: 'measured',
      unmeasured: shapes.length - 1,
      refused: { shaders: 0, bits: 0 },
    });
    expect(tuning?.products).toEqual([
      {
        ...{ product: 'queryKeyValue', pass: 'forward', tokens: 2000 },
        ...{ gflops: expect.any(Number) as number, ruleGflops: expect.any(Number) as number },
      },
    ]);
  });

  it('is completed by the next run if there was no time to measure all products', async () => {
    const given = await input();
    const shapes = kernelShapesOfRun(given);
    const { tuning: part } = await kernelPlanOfRun(given, '', briefly(given.gpu));
    expect([part?.products.length, part?.unmeasured]).toEqual([1, shapes.length - 1]);
    const { plan, tuning } = await kernelPlanOfRun(given, '', quickly(given.gpu));
    expect(tuning).toMatchObject({ source: 'measured', unmeasured: 0 });
    expect(tuning?.products).toHaveLength(shapes.length);
    expect(Object.keys(plan.matmul).sort()).toEqual(shapes.map((shape) => planKey(shape)).sort());
  });

  it("is read from the run's record on resume, even if a newer plan was measured", async () => {
    const given = await input();
    await kernelPlanOfRun(given, '', briefly(given.gpu));
    const plan = recorded(tiling);
    expect(await kernelPlanOfRun(given, formatKernelPlan(plan), never)).toMatchObject({ plan });
  });

  it('drops a stored tiling that computes other bits on this device, as after a driver update', async () => {
    const given = await input();
    const shapes = kernelShapesOfRun(given);
    const plan = {
      ...recorded(tiling),
      matmul: Object.fromEntries(shapes.map((shape) => [planKey(shape), tiling])),
    };
    const key = kernelPlanStoreKey(given, shapes);
    await putKernelPlan(given.db, key, { plan });
    const random = seededRandom(5);
    vi.spyOn(given.gpu.commands, 'read').mockImplementation(({ shape }) =>
      Promise.resolve(Float32Array.from({ length: (shape[0] ?? 0) * (shape[1] ?? 0) }, random)),
    );
    const chosen = await kernelPlanOfRun(given, '', never);
    const rules = shapes.map((shape) => [planKey(shape), defaultTiling(given.gpu.traits, shape)] as const);
    expect(chosen.plan.matmul).toEqual(Object.fromEntries(rules));
    expect(chosen.tuning).toMatchObject({ source: 'stored', refused: { shaders: 0, bits: shapes.length } });
  });

  it('is measured again if the recorded plan does not suit this device or these kernels', async () => {
    const given = await input([]);
    const quick = briefly(given.gpu);
    const bySubgroups = {
      threadRows: 8,
      threadColumns: 4,
      workgroup: [64, 1],
      sharedDepth: 0,
      subgroups: true,
    } as const;
    const plan = formatKernelPlan(recorded(bySubgroups));
    expect(parseKernelPlan(plan)).not.toBeNull();
    expect(formatKernelPlan((await kernelPlanOfRun(given, plan, quick)).plan)).not.toBe(plan);
    const older = { ...recorded(tiling), kernels: kernelsVersion - 1 };
    expect((await kernelPlanOfRun(given, formatKernelPlan(older), quick)).plan.kernels).toBe(kernelsVersion);
    const wasm = formatKernelPlan(unmeasuredPlan('wasm'));
    expect((await kernelPlanOfRun(given, wasm, quick)).plan.backend).toBe('webgpu');
  });

  it('follows the fixed rules, and says so, on wasm and if the device failed during measuring', async () => {
    const given = await input();
    expect(await kernelPlanOfRun({ ...given, gpu: null, device: { ...device, backend: 'wasm' } }, '')).toEqual({
      plan: unmeasuredPlan('wasm'),
      tuning: null,
    });
    const recordedToo = formatKernelPlan(recorded(tiling));
    for (const text of ['', recordedToo])
      expect(await kernelPlanOfRun({ ...given, rulesBecause: 'device-lost' }, text, never)).toMatchObject({
        plan: unmeasuredPlan('webgpu'),
        tuning: { source: 'rules', reason: 'device-lost', products: [] },
      });
  });

  it('is not stored if measuring is interrupted, and no memory stays allocated', async () => {
    const given = await input();
    const cancelled = { ...quickly(given.gpu), ...never };
    await expect(kernelPlanOfRun(given, '', cancelled)).rejects.toThrow('measured again');
    expect(given.gpu.pool.liveArrays).toBe(0);
    expect(await getKernelPlan(given.db, kernelPlanStoreKey(given, kernelShapesOfRun(given)))).toBeUndefined();
  });

  it('is not measured further once the device is lost, and no memory stays allocated', async () => {
    const given = await input();
    vi.restoreAllMocks();
    const losing = {
      ...quickly(given.gpu),
      budgetMs: 60_000,
      between: () => Promise.resolve(given.gpu.device.destroy()),
    };
    await expect(kernelPlanOfRun(given, '', losing)).rejects.toThrow();
    expect(given.gpu.pool.liveArrays).toBe(0);
  });

  it('is the same after formatting and parsing, and no other text parses as a plan', () => {
    const plan = recorded(tiling);
    expect(parseKernelPlan(formatKernelPlan(plan))).toEqual(plan);
    const foreign = { ...plan, matmul: { x: { ...tiling, threadRows: 4096 } } };
    for (const text of ['', 'reference-webgpu', '{}', JSON.stringify(foreign)])
      expect(parseKernelPlan(text)).toBeNull();
  });
});
