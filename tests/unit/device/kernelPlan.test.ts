import { describe, expect, it } from 'vitest';
import {
  formatKernelPlan,
  kernelsVersion,
  parseKernelPlan,
  unmeasuredPlan,
  type KernelPlan,
} from '../../../src/domain/kernelPlan';
import { isSameFragment, matrixFragments } from '../../../src/domain/matrixFragment';

const tiling = { threadRows: 8, threadColumns: 4, workgroup: [16, 16], sharedDepth: 16 } as const;
const plan: KernelPlan = { backend: 'webgpu', kernels: kernelsVersion, matmul: { 'NT 64x64x64': tiling } };
const parsed = (changes: object) => parseKernelPlan(JSON.stringify({ ...plan, ...changes }));
const withTiling = (changes: object) => parsed({ matmul: { x: { ...tiling, ...changes } } });

describe('a stored kernel plan', () => {
  it('is read as it was written', () => {
    for (const one of [plan, unmeasuredPlan('wasm'), { ...plan, matrices: { rows: 16, columns: 8, depth: 8 } }])
      expect(parseKernelPlan(formatKernelPlan(one))).toEqual(one);
    expect(unmeasuredPlan('wasm')).toEqual({ backend: 'wasm', kernels: kernelsVersion, matmul: {} });
    const more = { prefetch: true, subgroups: false };
    expect(withTiling(more)?.matmul).toEqual({ x: { ...tiling, ...more } });
  });

  it('is null if the run has not started, or the text is not JSON or in another format', () => {
    for (const text of ['', '{', 'null', '[]', '{}']) expect(parseKernelPlan(text)).toBeNull();
    expect(parsed({ backend: 'metal' })).toBeNull();
    expect(parsed({ kernels: '3' })).toBeNull();
  });

  it.each([
    ['a workgroup of more than 256 threads', { workgroup: [32, 16] }],
    ['an empty workgroup', { workgroup: [0, 16] }],
    ['half a thread', { workgroup: [1.5, 16] }],
    ['a workgroup of one dimension', { workgroup: [16] }],
    ['more outputs per thread than any kernel computes', { threadRows: 64 }],
    ['a thread without outputs', { threadColumns: 0 }],
    ['a depth of shared memory that no kernel has', { sharedDepth: 64 }],
    ['a prefetch that is not a boolean', { prefetch: 1 }],
  ])('is refused with %s, because a project file may come from someone else', (_, changes) => {
    expect(withTiling(changes)).toBeNull();
  });

  it('allows a workgroup of exactly 256 threads', () => {
    expect(withTiling({ workgroup: [256, 1] })).not.toBeNull();
    expect(withTiling({ workgroup: [257, 1] })).toBeNull();
  });

  it('allows only the fragments that kernels exist for', () => {
    for (const matrices of matrixFragments) expect(parsed({ matrices })?.matrices).toEqual(matrices);
    for (const matrices of [
      { rows: 16, columns: 16, depth: 8 },
      { rows: 4, columns: 4, depth: 4 },
    ])
      expect(parsed({ matrices })).toBeNull();
  });
});

describe('two fragments', () => {
  it('are the same only if rows, columns and depth are', () => {
    const fragment = { rows: 16, columns: 8, depth: 4 };
    expect(isSameFragment(fragment, { ...fragment })).toBe(true);
    for (const side of ['rows', 'columns', 'depth'] as const)
      expect(isSameFragment(fragment, { ...fragment, [side]: 32 })).toBe(false);
  });
});
