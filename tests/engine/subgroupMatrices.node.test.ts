import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage, type Experiment } from '../../src/domain/experiment';
import {
  formatKernelPlan,
  kernelsVersion,
  parseKernelPlan,
  type KernelPlan,
  type Layout,
} from '../../src/domain/kernelPlan';
import { matrixFragments } from '../../src/domain/matrixFragment';
import type { DeviceArray } from '../../workers/engine/arrays';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { withHalfPrecision } from '../../workers/engine/halfPrecision';
import { matrixFeature, matrixUnitsOf, plannedMatrixUnits, type MatrixUnits } from '../../workers/engine/matrixUnits';
import { copyInHalf } from '../../workers/engine/ops/copyInHalf/copyInHalf';
import type { Epilogue } from '../../workers/engine/ops/matmul/epilogue';
import { matmul, type MatmulOptions } from '../../workers/engine/ops/matmul/matmul';
import { matrixKernel } from '../../workers/engine/ops/matmul/subgroupMatrixKernel';
import { suitsMatrices } from '../../workers/engine/ops/matmul/subgroupMatrixProduct';
import { matrixTiling, matrixTilings, tilingBytes } from '../../workers/engine/ops/matmul/subgroupMatrixTiling';
import { matrixFragmentOfRun } from '../../workers/services/device/matrixFragmentOfRun';
import { refuseMissingPrecision } from '../../workers/services/train/refuseRun';
import { distance, norm } from './differences';
import { matrixAdapterName, matrixGpu } from './matrixDevice';
import { matrixConfig, matrixSteps } from './matrixSteps';
import { nullDevice, nullGpu } from './nullDevice';
import { seededRandom } from './random';

const layouts: Layout[] = ['NN', 'NT', 'TN'];
const features = ['shader-f16', 'subgroups', matrixFeature];
const unitsOf = (fragment: MatrixUnits['fragment'] | undefined, memoryBytes = 16_384): MatrixUnits => {
  if (!fragment) throw new Error('no fragment');
  return { fragment, subgroupSize: 32, memoryBytes };
};

describe("matrix kernels on Dawn's null backend", () => {
  it.each(layouts)(
    'compile for layout %s without warnings, with every tiling, fragment and epilogue',
    async (layout) => {
      const device = await nullDevice(features);
      const epilogues: Epilogue[] =
        layout === 'TN'
          ? [{}, { aSums: true }, { accumulate: true, aSums: true }]
          : [{}, { bias: true, dropout: true, residual: true }, { bias: true, gelu: true }, { geluGradient: true }];
      const variants = [
        ...matrixFragments.map((each) => [each, 32] as const),
        ...[16, 64].map((size) => [unitsOf(matrixFragments[0]).fragment, size] as const),
      ];
      const messages: string[] = [];
      for (const { tiling } of matrixTilings)
        for (const [fragment, subgroupSize] of variants)
          for (const epilogue of epilogues)
            for (const direct of layout === 'TN' && !epilogue.accumulate ? [false, true] : [false]) {
              const plain = matrixKernel({ layout, fragment, tiling, subgroupSize, epilogue, direct });
              const half = [...new Set([...plain.reads, ...plain.writes])].filter((name) =>
                ['y', 'residual', 'pre'].includes(name),
              );
              const { code, name } = layout === 'TN' ? plain : withHalfPrecision(plain, half);
              device.pushErrorScope('validation');
              const found = await device.createShaderModule({ code }).getCompilationInfo();
              await device.popErrorScope();
              messages.push(...found.messages.map(({ message, lineNum }) => `${name}, line ${lineNum}: ${message}`));
            }
      expect(messages).toEqual([]);
      device.destroy();
    },
  );

  it.each(layouts)('run for layout %s at whole and ragged sides, whole and in parts', async (layout) => {
    const { gpu, errors } = await nullGpu(features);
    for (const fragment of matrixFragments)
      for (const [m, n, k] of [
        [128, 128, 256],
        [72, 40, layout === 'TN' ? 1500 : 1504],
      ] as const) {
        const half = (...shape: number[]) => gpu.pool.allocate(shape, 'f16');
        const a = layout === 'TN' ? half(k, m) : half(m, k);
        const b = layout === 'NT' ? half(n, k) : half(k, n);
        const y = layout === 'TN' ? gpu.pool.allocate([m, n]) : half(m, n);
        const [bias, aSums] = [gpu.pool.allocate([n]), gpu.pool.allocate([m])];
        const matrices = unitsOf(fragment);
        const epilogues: MatmulOptions[] = layout === 'TN' ? [{ aSums }, { accumulate: true }] : [{ bias }, {}];
        for (const options of epilogues) matmul(gpu, layout, a, b, y, { ...options, matrices });
      }
    await gpu.commands.finished();
    expect(errors).toEqual([]);
    gpu.dispose();
  });

  it('compute every product of a training step in half precision', async () => {
    const { gpu, errors } = await nullGpu(features);
    const names: string[] = [];
    const dispatch = gpu.commands.dispatch.bind(gpu.commands);
    gpu.commands.dispatch = (kernel, ...rest) => {
      names.push(kernel.name);
      dispatch(kernel, ...rest);
    };
    await matrixSteps(gpu, { steps: 1, matrices: unitsOf(matrixFragments[0]) });
    const products = names.filter((name) => name.startsWith('matmul') && !name.includes('parts'));
    const onMatrices = products.filter((name) => name.includes('by matrices 16x16x16'));
    // Each layer has 4 products forward, 4 for gradients of inputs and 4 for gradients of weights.
    expect(onMatrices).toHaveLength(12 * matrixConfig.layers);
    // The other products belong to the loss and are computed in float32.
    expect(products.length - onMatrices.length).toBeLessThanOrEqual(3);
    expect(errors).toEqual([]);
    gpu.dispose();
  });
});

describe('matrix units', () => {
  const info = (configs: object[], [least, most] = [32, 32]) => ({
    subgroupMinSize: least,
    subgroupMaxSize: most,
    subgroupMatrixConfigs: configs,
  });
  const config = (M: number, N: number, K: number, types: object = {}) => ({
    componentType: 'f16',
    resultComponentType: 'f32',
    M,
    N,
    K,
    ...types,
  });
  const limits = { maxComputeWorkgroupStorageSize: 49_152 };

  it('are found by features, a fixed subgroup size, and fragments of half precision with float32 sums', () => {
    const nvidia = [config(16, 8, 16), config(16, 16, 16), config(16, 16, 16, { resultComponentType: 'f16' })];
    expect(matrixUnitsOf(new Set(features), limits, info(nvidia))).toEqual([
      unitsOf({ rows: 16, columns: 16, depth: 16 }, 49_152),
      unitsOf({ rows: 16, columns: 8, depth: 16 }, 49_152),
    ]);
    expect(matrixUnitsOf(new Set(features), limits, info([config(8, 8, 8)]))).toHaveLength(1);
    expect(matrixUnitsOf(new Set(features), limits, info(nvidia, [8, 32]))).toEqual([]);
    expect(matrixUnitsOf(new Set(features.slice(0, 2)), limits, info(nvidia))).toEqual([]);
    expect(matrixUnitsOf(new Set(features), limits, info([config(8, 8, 8, { componentType: 'f32' })]))).toEqual([]);
    expect(matrixUnitsOf(new Set(features), limits, undefined)).toEqual([]);
  });

  it('multiply only sides that kernels exist for; others in half precision are computed without them', async () => {
    expect(suitsMatrices({ layout: 'NT', rows: 4, columns: 12, depth: 16 })).toBe(true);
    expect(suitsMatrices({ layout: 'NT', rows: 4, columns: 12, depth: 12 })).toBe(false);
    expect(suitsMatrices({ layout: 'NN', rows: 4, columns: 12, depth: 16 })).toBe(false);
    expect(suitsMatrices({ layout: 'TN', rows: 16, columns: 24, depth: 3 })).toBe(true);
    expect(suitsMatrices({ layout: 'TN', rows: 12, columns: 24, depth: 3 })).toBe(false);
    const { gpu, errors } = await nullGpu(features);
    const half = (...shape: number[]) => gpu.pool.allocate(shape, 'f16');
    matmul(gpu, 'NT', half(8, 12), half(8, 12), half(8, 8), { matrices: unitsOf(matrixFragments[0]) });
    await gpu.commands.finished();
    expect(errors).toEqual([]);
    gpu.dispose();
  });

  it('get tiles that fit workgroup memory, with every fragment', () => {
    for (const fragment of matrixFragments)
      for (const memoryBytes of [16_384, 32_768, 49_152])
        for (const rows of [64, 2048, 100_000]) {
          const tiling = matrixTiling({ rows, columns: 3072, parts: 1 }, { fragment, memoryBytes });
          expect(tilingBytes(tiling, fragment)).toBeLessThanOrEqual(memoryBytes);
        }
  });
});

describe('a run on matrix units', () => {
  const [first, second] = matrixFragments;
  const plan: KernelPlan = { backend: 'webgpu', kernels: kernelsVersion, matmul: {}, matrices: second };
  const opened: WebGpuEngine[] = [];
  afterEach(() => opened.splice(0).forEach((gpu) => gpu.dispose()));

  async function device(matrixUnits: MatrixUnits[], having = features): Promise<WebGpuEngine> {
    const { gpu } = await nullGpu(having);
    opened.push(gpu);
    return Object.assign(gpu, { traits: { software: false, matrixUnits } });
  }

  it('records the fragment in its plan, and no other text parses as one', () => {
    expect(parseKernelPlan(formatKernelPlan(plan))).toEqual(plan);
    const foreign = { ...plan, matrices: { rows: 16, columns: 16, depth: 4096 } };
    expect(parseKernelPlan(JSON.stringify(foreign))).toBeNull();
  });

  it('takes the recorded fragment if the device offers it, else the preferred one', async () => {
    const both = await device([unitsOf(first), unitsOf(second)]);
    expect(await matrixFragmentOfRun(both, ['full', 'mixed-matrices'], '')).toEqual(first);
    expect(await matrixFragmentOfRun(both, ['mixed-matrices'], formatKernelPlan(plan))).toEqual(second);
    const one = await device([unitsOf(first)]);
    expect(await matrixFragmentOfRun(one, ['mixed-matrices'], formatKernelPlan(plan))).toEqual(first);
    expect(await matrixFragmentOfRun(both, ['full', 'mixed'], '')).toBeUndefined();
    both.plan = plan;
    expect(plannedMatrixUnits(both.plan, both.traits.matrixUnits)).toEqual(unitsOf(second));
    one.plan = plan;
    expect(() => plannedMatrixUnits(one.plan, one.traits.matrixUnits)).toThrow(RangeError);
  });

  it('is refused with the reason if the device has no matrix units or compiles none of their kernels', async () => {
    const details = { kind: 'matrices-unavailable', stage: 1 };
    const precisions = ['full', 'mixed-matrices'] as const;
    await expect(matrixFragmentOfRun(null, precisions, '')).rejects.toMatchObject({ details });
    await expect(matrixFragmentOfRun(await device([]), precisions, '')).rejects.toMatchObject({ details });
    // A device that reports matrix units but refuses their kernels.
    const refusing = await device([unitsOf(first)], ['shader-f16']);
    await expect(matrixFragmentOfRun(refusing, precisions, '')).rejects.toMatchObject({
      details: { ...details, reason: expect.stringContaining('Invalid ShaderModule') as string },
    });
  });

  it('is refused before it starts, with an error that names the stage, if the device has no matrix units', () => {
    const stages = [defaultStage(), { ...defaultStage(), precision: 'mixed-matrices' as const }];
    const experiment: Experiment = { ...defaultExperiment(), stages };
    expect(() => refuseMissingPrecision(experiment, { half: true, matrices: true })).not.toThrow();
    const details = { kind: 'matrices-unavailable', stage: 1 };
    expect(() => refuseMissingPrecision(experiment, { half: true, matrices: false })).toThrow(JSON.stringify(details));
  });
});

const adapter = await matrixAdapterName();
const where = adapter ?? 'skipped: no adapter with subgroup matrices on this machine';

describe.skipIf(adapter === null)(`matrix units of a real adapter (${where})`, () => {
  let gpu: WebGpuEngine;
  let units: MatrixUnits[] = [];
  const errors: string[] = [];
  beforeAll(async () => {
    ({ gpu, matrixUnits: units } = await matrixGpu(errors));
  });
  afterEach(() => expect(errors).toEqual([]));
  afterAll(() => gpu.dispose());

  function halfNoise(shape: number[], seed: number): DeviceArray {
    const random = seededRandom(seed);
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() - 0.5);
    const half = gpu.pool.allocate(shape, 'f16');
    copyInHalf(gpu, gpu.commands.upload(values, shape), half);
    return half;
  }

  it.each(layouts)(
    'multiply in layout %s like float32 sums of the same numbers, with every fragment',
    async (layout) => {
      for (const [m, n, k] of [
        [128, 128, 768],
        [328, 264, layout === 'TN' ? 1500 : 1504],
      ] as const) {
        const a = halfNoise(layout === 'TN' ? [k, m] : [m, k], 1);
        const b = halfNoise(layout === 'NT' ? [n, k] : [k, n], 2);
        const product = async (matrices?: MatrixUnits): Promise<Float32Array[]> => {
          const [y, aSums] = [gpu.pool.allocate([m, n]), gpu.pool.allocate([m])];
          matmul(gpu, layout, a, b, y, { matrices, ...(layout === 'TN' ? { aSums } : {}) });
          return [await gpu.commands.read(y), layout === 'TN' ? await gpu.commands.read(aSums) : new Float32Array()];
        };
        const [expected = new Float32Array(), sums] = await product();
        for (const each of units) {
          const [y = new Float32Array(), aSums] = await product(each);
          expect(distance(y, expected) / norm(expected)).toBeLessThan(1e-5);
          expect(aSums).toEqual(sums);
        }
      }
    },
  );

  it('keep the loss of mixed precision within 3e-4 over 20 training steps', { timeout: 600_000 }, async () => {
    const without = await matrixSteps(gpu, { steps: 20 });
    for (const each of units) {
      const losses = await matrixSteps(gpu, { steps: 20, matrices: each });
      expect(Math.max(...losses.map((loss, i) => Math.abs(loss - (without[i] ?? NaN))))).toBeLessThan(3e-4);
    }
  });

  it('give the same bits with every tile', async () => {
    const [a, b] = [halfNoise([4096, 768], 3), halfNoise([3072, 768], 4)];
    const rows = (count: number): DeviceArray => ({ ...a, shape: [count, 768] });
    for (const matrices of units) {
      const [large, small] = [gpu.pool.allocate([4096, 3072]), gpu.pool.allocate([64, 3072])];
      matmul(gpu, 'NT', rows(4096), b, large, { matrices });
      matmul(gpu, 'NT', rows(64), b, small, { matrices });
      const first = { ...large, shape: [64, 3072] };
      expect(await gpu.commands.read(first)).toEqual(await gpu.commands.read(small));
    }
  });
});
