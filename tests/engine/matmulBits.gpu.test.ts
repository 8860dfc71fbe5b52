import { describe, expect, it } from 'vitest';
import type { Layout, MatmulTiling } from '../../src/domain/kernelPlan';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { engineOf, useEngines } from './engines';
import { expectEqualBits } from './matmulBits';

useEngines();

/** Every kind of kernel, with tiles small enough for a software adapter to compile quickly. */
const tilings: MatmulTiling[] = [
  { threadRows: 8, threadColumns: 4, workgroup: [4, 1], sharedDepth: 0 },
  { threadRows: 4, threadColumns: 4, workgroup: [8, 8], sharedDepth: 8 },
  { threadRows: 4, threadColumns: 8, workgroup: [8, 4], sharedDepth: 16, prefetch: true },
  { threadRows: 8, threadColumns: 4, workgroup: [4, 2], sharedDepth: 8, prefetch: true },
  { threadRows: 4, threadColumns: 4, workgroup: [64, 1], sharedDepth: 0, subgroups: true },
];

describe('a product', () => {
  it.each(['NN', 'NT', 'TN'] as const)(
    'has the same bits with every tiling, in the order of its chunks (%s)',
    async (layout: Layout) => {
      const gpu = engineOf('software');
      if (!(gpu instanceof WebGpuEngine)) throw new Error('no WebGPU');
      const subgroups = gpu.device.features.has('subgroups');
      const able = tilings.filter((tiling) => subgroups || !tiling.subgroups);
      expect(able.length).toBeGreaterThan(3);
      const epilogues = layout === 'NT';
      for (const [rows, columns, depth, chunk] of [
        [68, 36, 200, 64],
        [36, 68, 64, 64],
        [35, 31, 131, 64],
        [5, 7, 3, 64],
      ] as const)
        await expectEqualBits(gpu, able, { layout, rows, columns, depth, chunk, epilogues: epilogues && depth > 64 });
    },
  );
});
