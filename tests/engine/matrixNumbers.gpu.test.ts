import { beforeAll, describe, expect, it } from 'vitest';
import type { Layout } from '../../src/domain/kernelPlan';
import { deviceWebGpu } from '../../workers/services/device/openDevice';
import type { Engine } from '../../workers/engine/engine';
import { dropoutValues } from '../../workers/engine/ops/dropout/dropout';
import { matrixKernel } from '../../workers/engine/ops/matmul/subgroupMatrixKernel';
import type { MatrixTiling } from '../../workers/engine/ops/matmul/subgroupMatrixTiling';
import { withoutMatrixUnits } from './emulatedMatrices';
import { openTestDevice } from './testDevice';

/** Every number is a multiple of 1/16 up to 4, so half precision stores it exactly and sums in float32 are exact. */
const value = (i: number, seed: number): number => (((i * 7919 + seed) % 127) - 63) / 16;

function halfBits(x: number): number {
  if (x === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(x)));
  return (x < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | ((Math.abs(x) / 2 ** exponent - 1) * 1024);
}

const [rows, columns, depth] = [40, 24, 72];
const fragment = { rows: 8, columns: 8, depth: 8 };
const tilingOf = (tile: [number, number], subgroup: [number, number]): MatrixTiling => ({
  rows: tile[0],
  columns: tile[1],
  depth: 32,
  subgroupRows: subgroup[0],
  subgroupColumns: subgroup[1],
});

describe('matrix kernels, with matrix units replaced by plain code', () => {
  let gpu: Engine;
  beforeAll(async () => {
    await openTestDevice();
    const opened = deviceWebGpu();
    if (!opened) throw new Error('no WebGPU');
    gpu = opened;
  });

  it.each<[Layout, MatrixTiling]>([
    ['NT', tilingOf([32, 16], [16, 16])],
    // Each pass over a's tile covers two blocks.
    ['NT', tilingOf([64, 32], [16, 32])],
    ['NN', tilingOf([32, 32], [16, 16])],
    ['TN', tilingOf([32, 32], [16, 16])],
  ])(
    'multiply exactly in layout %s at sides that tiles do not divide',
    { timeout: 300_000 },
    async (layout, tiling) => {
      const a = Array.from({ length: rows * depth }, (_, i) => value(i, 1));
      const b = Array.from({ length: columns * depth }, (_, i) => value(i, 5));
      const upload = (values: number[]) =>
        gpu.commands.upload(new Float32Array(Uint16Array.from(values, halfBits).buffer));
      const bias = Float32Array.from({ length: columns }, (_, i) => value(i, 9));
      const arrays = {
        a: upload(a),
        b: upload(b),
        bias: gpu.commands.upload(bias),
        y: gpu.pool.allocate([rows, columns]),
        aSums: gpu.pool.allocate([rows]),
      };
      const epilogue = layout === 'TN' ? { aSums: true } : { bias: true };
      const kernel = matrixKernel({ layout, fragment, tiling, subgroupSize: 32, epilogue, direct: layout === 'TN' });
      const params = { rows, columns, depth, chunk: depth, alpha: 1, ...dropoutValues(undefined, columns) };
      const groups = [Math.ceil(columns / tiling.columns), Math.ceil(rows / tiling.rows), 1] as const;
      gpu.commands.dispatch(
        withoutMatrixUnits(kernel),
        { ...arrays, residual: arrays.y, pre: arrays.y },
        params,
        groups,
      );
      const left = (r: number, k: number): number => a[layout === 'TN' ? k * rows + r : r * depth + k] ?? NaN;
      const right = (k: number, c: number): number => b[layout === 'NT' ? c * depth + k : k * columns + c] ?? NaN;
      const inner = Array.from({ length: depth }, (_, k) => k);
      const expected = Float32Array.from({ length: rows * columns }, (_, i) => {
        const [r, c] = [Math.floor(i / columns), i % columns];
        return inner.reduce((sum, k) => sum + left(r, k) * right(k, c), layout === 'TN' ? 0 : (bias[c] ?? NaN));
      });
      expect(await gpu.commands.read(arrays.y)).toEqual(expected);
      if (layout === 'TN') {
        const sums = Float32Array.from({ length: rows }, (_, r) => inner.reduce((sum, k) => sum + left(r, k), 0));
        expect(await gpu.commands.read(arrays.aSums)).toEqual(sums);
      }
      for (const array of Object.values(arrays)) gpu.pool.free(array);
    },
  );
});
