import { describe, expect, it } from 'vitest';
import type { MatmulOptions } from '../../workers/engine/ops/matmul/matmul';
import { matmul } from '../../workers/engine/ops/matmul/matmul';
import { allCandidates, candidateTilings } from '../../workers/engine/tuning/candidates';
import { fitsKernelLimits } from '../../workers/engine/tuning/kernelLimits';
import { plannedTiling } from '../../workers/engine/ops/matmul/plannedTiling';
import { planKey } from '../../workers/engine/ops/matmul/planKey';
import type { MatmulShape } from '../../workers/engine/ops/matmul/matmulShape';
import {
  formatKernelPlan,
  kernelsVersion,
  parseKernelPlan,
  unmeasuredPlan,
  type KernelPlan,
  type Layout,
} from '../../src/domain/kernelPlan';
import { alignmentFloats } from '../../workers/engine/alignment';
import { matmulChunk } from '../../workers/engine/ops/matmul/matmulChunk';
import { scratchFloats } from '../../workers/engine/scratch';
import { nullGpu } from './nullDevice';

const layouts: Layout[] = ['NN', 'NT', 'TN'];
const large: MatmulShape = { layout: 'NT', epilogue: 'plain', rows: 2048, columns: 768, depth: 768 };

describe("matmul variants on Dawn's null backend", () => {
  it.each(layouts)(
    'compile for layout %s with all tilings and epilogues, whole and in parts, at aligned and odd shapes',
    async (layout) => {
      const { gpu, errors } = await nullGpu(['subgroups']);
      const { limits } = gpu.device;
      const tilings = allCandidates({ limits, subgroups: true });
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
          for (const chunk of [320, 192])
            for (const epilogue of epilogues) matmul(gpu, layout, a, b, y, { ...epilogue, tiling, chunk });
      }
      await gpu.commands.finished();
      expect(errors).toEqual([]);
      gpu.dispose();
    },
  );
});

describe("half-precision matmul variants on Dawn's null backend", () => {
  it.each(layouts)('compile for layout %s with all tilings and epilogues', async (layout) => {
    const { gpu, errors } = await nullGpu(['shader-f16', 'subgroups']);
    const { limits } = gpu.device;
    const tilings = allCandidates({ limits, subgroups: true });
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
        for (const chunk of [320, 192]) {
          for (const options of toHalf) matmul(gpu, layout, a, b, half(m, n), { ...options, tiling, chunk });
          for (const options of toWhole) matmul(gpu, layout, a, b, y, { ...options, tiling, chunk });
        }
    }
    await gpu.commands.finished();
    expect(errors).toEqual([]);
    gpu.dispose();
  });
});

describe('the candidates for a product', () => {
  const lowest = {
    limits: { maxComputeWorkgroupStorageSize: 16_384, maxComputeInvocationsPerWorkgroup: 256 },
    subgroups: false,
  };
  const roomy = { ...lowest, limits: { ...lowest.limits, maxComputeWorkgroupStorageSize: 32_768 }, subgroups: true };

  it.each(['nvidia', 'apple', 'amd', 'intel', 'someone else', ''])(
    'suit the limits of a device of vendor "%s" and begin with the default tiling',
    (vendor) => {
      const hardware = { software: false };
      for (const device of [lowest, roomy]) {
        const tilings = candidateTilings(hardware, { ...device, vendor }, large);
        expect(tilings[0]).toEqual(plannedTiling(hardware, undefined, large));
        expect(tilings.length).toBeGreaterThan(4);
        for (const tiling of tilings) expect(fitsKernelLimits(tiling, device), JSON.stringify(tiling)).toBe(true);
        const plan = { ...unmeasuredPlan('webgpu'), matmul: Object.fromEntries(tilings.map((each, i) => [i, each])) };
        expect(parseKernelPlan(formatKernelPlan(plan))).toEqual(plan);
      }
    },
  );

  it('use subgroups, or more workgroup memory than every device has, only if the device has them', () => {
    const [few, all] = [allCandidates(lowest), allCandidates(roomy)];
    const more = all.filter((tiling) => !few.some((each) => JSON.stringify(each) === JSON.stringify(tiling)));
    expect(more.some(({ subgroups }) => subgroups)).toBe(true);
    expect(more.some(({ subgroups }) => !subgroups)).toBe(true);
  });
});

describe('the choice of a matmul tiling', () => {
  const shape: MatmulShape = { layout: 'TN', epilogue: 'sums', rows: 256, columns: 256, depth: 2272 };
  const hardware = { software: false };

  it('without a plan is a large tile, or a smaller one for a thin product or one of few tiles', () => {
    const side = (rows: number, columns: number, depth: number): number[] => {
      const { threadRows, threadColumns, workgroup } = plannedTiling(hardware, undefined, {
        ...shape,
        rows,
        columns,
        depth,
      });
      return [threadRows * workgroup[1], threadColumns * workgroup[0]];
    };
    expect(side(2048, 3072, 768)).toEqual([128, 64]);
    expect(side(2048, 768, 768)).toEqual([64, 64]);
    expect(side(768, 768, 2048)).toEqual([128, 64]); // in four parts
    expect(side(64, 2000, 768)).toEqual([64, 64]);
    expect(side(40, 2000, 768)).toEqual([32, 32]);
  });

  it('on a software adapter is a small tile that compiles quickly, or a large one for a large product', () => {
    const tile = (rows: number, columns: number, depth: number): number[] => {
      const tiling = plannedTiling({ software: true }, undefined, { ...shape, rows, columns, depth });
      expect(tiling).toMatchObject({ workgroup: [4, 1], sharedDepth: 0 });
      return [tiling.threadRows, tiling.threadColumns];
    };
    expect(tile(2048, 256, 256)).toEqual([16, 16]);
    expect(tile(1024, 256, 255)).toEqual([8, 8]);
    expect(tile(4, 8000, 2560)).toEqual([4, 8]);
    expect(tile(63, 8000, 2560)).toEqual([8, 8]);
  });

  it('is taken from the plan for a similar number of tokens', () => {
    const tiling = { threadRows: 4, threadColumns: 4, workgroup: [16, 16], sharedDepth: 16 } as const;
    const plan: KernelPlan = { backend: 'webgpu', kernels: kernelsVersion, matmul: { [planKey(shape)]: tiling } };
    expect(planKey(shape)).toBe('TN sums 256x256 @4096');
    expect(plannedTiling(hardware, plan, shape)).toEqual(tiling);
    expect(plannedTiling(hardware, plan, { ...shape, depth: 600 })).toEqual(tiling);
    expect(plannedTiling(hardware, plan, { ...shape, columns: 512 })).not.toEqual(tiling);
    expect(plannedTiling(hardware, plan, { ...shape, depth: 40 })).not.toEqual(tiling);
  });
});

describe('the chunks of the inner dimension', () => {
  it.each([
    // Weight gradients of BERT-base, at 2,048 and 8,192 tokens.
    [768, 768, 2048, 512],
    [768, 768, 8192, 2048],
    [2304, 768, 2048, 1024],
    [2304, 768, 8192, 2048],
    [3072, 768, 2048, 2048],
    [3072, 768, 8192, 2048],
    [768, 3072, 10_240, 2560],
    // Products over 2,048 and 8,192 tokens.
    [2048, 768, 768, 768],
    [2048, 3072, 768, 768],
    [2048, 768, 3072, 1536],
    [8192, 768, 3072, 3072],
    // Few tiles, short and odd dimensions.
    [256, 256, 2272, 320],
    [1, 1, 1023, 1024],
    [1, 1, 1024, 256],
    [65, 1, 70_001, 320],
    [64, 64, 1_000_000, 1024],
    [4096, 4096, 4096, 4096],
  ])('of a product [%i, %i] over %i numbers have length %i', (rows, columns, depth, chunk) => {
    expect(matmulChunk({ rows, columns, depth })).toBe(chunk);
  });

  it('are multiples of 64, and their results and column sums fit in the scratch array', () => {
    let largest = 0;
    for (const rows of [1, 63, 64, 65, 640, 768, 1000, 3072, 65_536])
      for (const columns of [1, 64, 65, 768, 2304, 30_522])
        for (const depth of [1, 64, 1023, 1024, 1025, 2048, 5000, 16_384, 1_000_003]) {
          const chunk = matmulChunk({ rows, columns, depth });
          expect(chunk % 64).toBe(0);
          const parts = Math.ceil(depth / chunk);
          if (parts > 1) largest = Math.max(largest, parts * (rows * columns + rows) + alignmentFloats);
        }
    expect(largest).toBeLessThanOrEqual(scratchFloats);
    expect(largest).toBeGreaterThan(0.5 * scratchFloats);
  });
});
