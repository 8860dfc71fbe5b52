import { describe, expect, it } from 'vitest';
import type { MatmulOptions } from '../../workers/engine/ops/matmul/matmul';
import { matmul } from '../../workers/engine/ops/matmul/matmul';
import { candidateChoices, candidateTilings } from '../../workers/engine/tuning/candidates';
import { fitsKernelLimits } from '../../workers/engine/tuning/kernelLimits';
import { matrixSides, matrixTiling } from '../../workers/engine/ops/matmul/subgroupMatrix';
import { matmulChoice } from '../../workers/engine/ops/matmul/matmulChoice';
import { planKey } from '../../workers/engine/ops/matmul/planKey';
import type { MatmulShape } from '../../workers/engine/ops/matmul/matmulShape';
import { kernelsVersion, type KernelPlan, type Layout } from '../../src/domain/kernelPlan';
import { nullGpu } from './nullDevice';

const layouts: Layout[] = ['NN', 'NT', 'TN'];

describe("matmul variants on Dawn's null backend", () => {
  it.each(layouts)(
    'compile for layout %s with all tilings and epilogues, whole and in parts, at aligned and odd shapes',
    async (layout) => {
      const { gpu, errors } = await nullGpu(['subgroups']);
      const { limits } = gpu.device;
      const tilings = candidateTilings({ software: false }, { limits, subgroups: true });
      expect(tilings.some(({ subgroups }) => subgroups)).toBe(true);
      const place = { seed: 1, step: 1, op: 1, rate: 0.1 };
      for (const [m, n, k] of [
        [64, 64, 256],
        [35, 31, 261],
      ] as const) {
        const allocate = (...shape: number[]) => gpu.pool.allocate(shape);
        const a = layout === 'TN' ? allocate(k, m) : allocate(m, k);
        const b = layout === 'NT' ? allocate(n, k) : allocate(k, n);
        const [y, residual, pre, bias, aSums] = [
          allocate(m, n),
          allocate(m, n),
          allocate(m, n),
          allocate(n),
          allocate(m),
        ];
        const epilogues: MatmulOptions[] = [
          {},
          { bias },
          { bias, dropout: place, residual },
          { bias, gelu: pre },
          { geluGradient: pre },
          { residual },
          { accumulate: true },
          { geluGradient: pre, accumulate: true },
          ...(layout === 'TN' ? [{ aSums }] : []),
        ];
        for (const tiling of tilings)
          for (const parts of [1, 2])
            for (const epilogue of epilogues) matmul(gpu, layout, a, b, y, { ...epilogue, choice: { tiling, parts } });
      }
      await gpu.commands.finished();
      expect(errors).toEqual([]);
      gpu.dispose();
    },
  );
});

describe("half-precision matmul variants on Dawn's null backend", () => {
  it.each(layouts)(
    'compile for layout %s with all tilings, subgroup matrices included, and all epilogues',
    async (layout) => {
      const features = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'];
      const { gpu, errors } = await nullGpu(features);
      const { limits } = gpu.device;
      const tilings = candidateTilings({ software: false }, { limits, subgroups: true, matrixSides }, true);
      expect(tilings.map(({ matrixSide }) => matrixSide)).toEqual(expect.arrayContaining([8, 16]));
      const place = { seed: 1, step: 1, op: 1, rate: 0.1 };
      for (const [m, n, k] of [
        [64, 64, 256],
        [35, 31, 261],
      ] as const) {
        const half = (...shape: number[]) => gpu.pool.allocate(shape, 'f16');
        const a = layout === 'TN' ? half(k, m) : half(m, k);
        const b = layout === 'NT' ? half(n, k) : half(k, n);
        const [residual, pre] = [half(m, n), half(m, n)];
        const [y, bias, aSums] = [gpu.pool.allocate([m, n]), gpu.pool.allocate([n]), gpu.pool.allocate([m])];
        const toHalf: MatmulOptions[] = [
          {},
          { bias },
          { bias, dropout: place, residual },
          { bias, gelu: pre },
          { geluGradient: pre },
          { residual },
        ];
        const toWhole: MatmulOptions[] = [{}, { accumulate: true }, ...(layout === 'TN' ? [{ aSums }] : [])];
        for (const tiling of tilings)
          for (const parts of [1, 2]) {
            for (const options of toHalf)
              matmul(gpu, layout, a, b, half(m, n), { ...options, choice: { tiling, parts } });
            for (const options of toWhole) matmul(gpu, layout, a, b, y, { ...options, choice: { tiling, parts } });
          }
      }
      await gpu.commands.finished();
      expect(errors).toEqual([]);
      gpu.dispose();
    },
  );

  it('include subgroup matrices only on a device that has them, and never by default', () => {
    const hardware = { software: false };
    const device = {
      limits: { maxComputeWorkgroupStorageSize: 16_384, maxComputeInvocationsPerWorkgroup: 256 },
      subgroups: true,
    };
    const shape: MatmulShape = { layout: 'NT', epilogue: 'plain', rows: 2048, columns: 768, depth: 768 };
    const sides = (limits: Parameters<typeof candidateChoices>[1], half: boolean): (number | undefined)[] =>
      candidateChoices(hardware, limits, { ...shape, half }).flatMap(({ tiling }) => tiling.matrixSide ?? []);
    expect(sides({ ...device, matrixSides: [8] }, true)).toEqual([8]);
    expect(sides({ ...device, matrixSides: [8] }, false)).toEqual([]);
    expect(sides(device, true)).toEqual([]);
    expect(matmulChoice(hardware, undefined, { ...shape, half: true }).tiling.matrixSide).toBeUndefined();
    expect(fitsKernelLimits(matrixTiling(8), device)).toBe(false);
    expect(planKey({ ...shape, half: true })).toBe('NT half plain 768x768 @2048');
  });
});

describe('the choice of a matmul tiling', () => {
  const shape: MatmulShape = { layout: 'TN', epilogue: 'sums', rows: 256, columns: 256, depth: 2272 };
  const hardware = { software: false };

  it('splits a long inner dimension into parts on a GPU if there are few tiles, but not if there are many', () => {
    expect(matmulChoice(hardware, undefined, shape).parts).toBe(8);
    expect(matmulChoice(hardware, undefined, { ...shape, rows: 3072, columns: 768 }).parts).toBe(1);
    expect(matmulChoice(hardware, undefined, { ...shape, depth: 200 }).parts).toBe(1);
    expect(matmulChoice({ software: true }, undefined, shape).parts).toBe(1);
  });

  it('is taken from the plan for a similar number of tokens, with no more parts than the shape allows', () => {
    const tiling = { threadRows: 4, threadColumns: 4, workgroup: [16, 16], sharedDepth: 16 } as const;
    const plan: KernelPlan = {
      backend: 'webgpu',
      kernels: kernelsVersion,
      matmul: { [planKey(shape)]: { tiling, parts: 12 } },
    };
    expect(planKey(shape)).toBe('TN sums 256x256 @4096');
    expect(matmulChoice(hardware, plan, shape)).toEqual({ tiling, parts: 12 });
    expect(matmulChoice(hardware, plan, { ...shape, depth: 600 })).toEqual({ tiling, parts: 4 });
    expect(matmulChoice(hardware, plan, { ...shape, columns: 512 }).tiling).not.toEqual(tiling);
    expect(matmulChoice(hardware, plan, { ...shape, depth: 40 }).tiling).not.toEqual(tiling);
  });
});
