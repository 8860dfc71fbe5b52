import type { Layout, MatmulTiling } from '../../src/domain/kernelPlan';
import { describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import type { DeviceArray } from '../../workers/engine/arrays';
import type { Engine } from '../../workers/engine/engine';
import { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { dropoutMask } from '../reference/engine/ops/dropout';
import { geluBackward, geluForward } from '../reference/engine/ops/gelu';
import { matmul } from '../../workers/engine/ops/matmul/matmul';
import { engineKinds, useEngines, engineOf } from './engines';
import { takeArrays } from './takeArrays';
import { takeTensors } from './takeTensors';
import { randomDraws } from './random';
import { expectClose } from './differences';

useEngines();
const { draw } = randomDraws(23);

const engineIfOpen = (wanted: string): Engine | undefined =>
  engineKinds.some((kind) => kind === wanted) ? engineOf(wanted) : undefined;

function naiveProduct(layout: Layout, a: Float32Array, b: Float32Array, [m, n, k]: readonly number[]): Float64Array {
  const [rows = 0, columns = 0, depth = 0] = [m, n, k];
  const y = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let d = 0; d < depth; d++) {
        const left = (layout === 'TN' ? a[d * rows + i] : a[i * depth + d]) ?? NaN;
        const right = (layout === 'NT' ? b[j * depth + d] : b[d * columns + j]) ?? NaN;
        y[i * columns + j] = (y[i * columns + j] ?? 0) + left * right;
      }
  return y;
}

describe('matmul', () => {
  const tilings: MatmulTiling[] = [
    { threadRows: 8, threadColumns: 8, workgroup: [4, 1], sharedDepth: 0 },
    { threadRows: 4, threadColumns: 4, workgroup: [8, 8], sharedDepth: 16 },
    { threadRows: 4, threadColumns: 8, workgroup: [4, 8], sharedDepth: 8 },
  ];
  const bySubgroups: MatmulTiling[] = [
    { threadRows: 8, threadColumns: 4, workgroup: [64, 1], sharedDepth: 0, subgroups: true },
    { threadRows: 4, threadColumns: 8, workgroup: [2, 1], sharedDepth: 0, subgroups: true },
  ];
  type Way = { tiling?: MatmulTiling; chunk?: number };
  /**
   * Lists the engines, tilings and chunks to test. An inner dimension of `k` is split into `parts` only on software
   * WebGPU.
   */
  const ways = (parts: number, k: number): [Engine, Way][] => {
    const gpu = engineIfOpen('software');
    const subgroups = gpu instanceof WebGpuEngine && gpu.device.features.has('subgroups');
    const chunk = 64 * Math.ceil(k / parts / 64);
    const all = [...tilings, ...(subgroups ? bySubgroups : [])].map((tiling) => ({ tiling, chunk }));
    return [
      ...(gpu ? all.map((way): [Engine, Way] => [gpu, way]) : []),
      ...(['wasm', 'hardware'] as const).flatMap((kind): [Engine, Way][] => {
        const engine = engineIfOpen(kind);
        return engine ? [[engine, {}]] : [];
      }),
    ];
  };
  const shapes = [
    [1, 1, 1],
    [64, 64, 32],
    [37, 12, 20],
    [5, 7, 3],
    [33, 68, 50],
    [70, 4, 9],
    [100, 131, 300],
  ];
  const long = [
    [16, 20, 392],
    [9, 7, 391],
    [8, 12, 384],
  ];
  it.each(['NN', 'NT', 'TN'] as const)(
    'matches a naive loop for layout %s with all tilings, at odd shapes, whole and in parts',
    async (layout) => {
      for (const parts of [1, 3])
        for (const [m = 1, n = 1, k = 1] of parts === 1 ? shapes : long)
          for (const [gpu, way] of ways(parts, k)) {
            const [a, b] = [draw(m * k), draw(n * k)];
            const A = gpu.commands.upload(a, layout === 'TN' ? [k, m] : [m, k]);
            const B = gpu.commands.upload(b, layout === 'NT' ? [n, k] : [k, n]);
            const y = gpu.pool.allocate([m, n]);
            const aSums = gpu.pool.allocate([m]);
            matmul(gpu, layout, A, B, y, { ...way, ...(layout === 'TN' ? { aSums } : {}) });
            const [product, sums = []] = await takeArrays(gpu, y, aSums);
            expectClose(product, naiveProduct(layout, a, b, [m, n, k]), Math.sqrt(m * n));
            if (layout === 'TN') expectClose(sums, naiveProduct('TN', a, draw(k).fill(1), [m, 1, k]), m);
            gpu.pool.free(A);
            gpu.pool.free(B);
          }
    },
  );

  it.each([
    [24, 32, 16, 1],
    [9, 7, 5, 1],
    [24, 32, 384, 3],
    [9, 7, 390, 2],
  ])(
    'matches a naive loop with bias, dropout, residual, GELU and accumulation: output [%i, %i], depth %i, parts: %i',
    async (m, n, k, parts) => {
      for (const [gpu, way] of ways(parts, k)) {
        const upload = (values: Float32Array<ArrayBuffer>, ...shape: number[]): DeviceArray =>
          gpu.commands.upload(values, shape);
        const [a, b, bias, residual, pre, before] = [
          draw(m, k),
          draw(n, k),
          draw(n),
          draw(m, n),
          draw(m, n),
          draw(m, n),
        ];
        const A = upload(a, m, k);
        const B = upload(b, n, k);
        const product = naiveProduct('NT', a, b, [m, n, k]);
        const place = { seed: 4, step: 9, op: 2, rate: 0.3 };
        const [mask = []] = await takeTensors(dropoutMask([m, n], place.rate, place));
        const finished = [gpu.pool.allocate([m, n]), gpu.pool.allocate([m, n]), gpu.pool.allocate([m, n])] as const;
        const [dropped, activated, beforeGelu] = finished;
        const [Bias, Residual, Pre, accumulated] = [
          upload(bias, n),
          upload(residual, m, n),
          upload(pre, m, n),
          upload(before, m, n),
        ];
        matmul(gpu, 'NT', A, B, dropped, { ...way, alpha: 0.5, bias: Bias, dropout: place, residual: Residual });
        matmul(gpu, 'NT', A, B, activated, { ...way, bias: Bias, gelu: beforeGelu });
        matmul(gpu, 'NT', A, B, accumulated, { ...way, geluGradient: Pre, accumulate: true });
        const own = await takeArrays(gpu, dropped, activated, beforeGelu, accumulated);
        const biased = product.map((x, i) => x + (bias[i % n] ?? NaN));
        const tensors = tf.tidy(() => {
          const input = tf.tensor2d(Float32Array.from(biased), [m, n]);
          const { saved } = geluForward(tf.tensor2d(pre, [m, n]));
          return [geluForward(input).y, geluBackward(tf.tensor2d(Float32Array.from(product), [m, n]), saved)];
        });
        const [gelu = [], gradient = []] = await takeTensors(...tensors);
        const half = product.map((x, i) => (0.5 * x + (bias[i % n] ?? NaN)) * (mask[i] ?? NaN) + (residual[i] ?? NaN));
        expectClose(own[0], half);
        expectClose(own[1], gelu);
        expectClose(own[2], biased);
        expectClose(
          own[3],
          before.map((x, i) => x + (gradient[i] ?? NaN)),
        );
        for (const array of [A, B, Bias, Residual, Pre]) gpu.pool.free(array);
      }
    },
  );

  it.each(['NN', 'NT', 'TN'] as const)(
    'writes nothing past the end of its output for layout %s, with all tilings and at odd shapes',
    async (layout) => {
      const guard = 4096;
      for (const [m = 1, n = 1, k = 1] of shapes)
        for (const [gpu, way] of ways(1, k)) {
          const [A, B] = [
            gpu.commands.upload(draw(m * k), layout === 'TN' ? [k, m] : [m, k]),
            gpu.commands.upload(draw(n * k), layout === 'NT' ? [n, k] : [k, n]),
          ];
          const whole = gpu.commands.upload(new Float32Array(m * n + guard).fill(7));
          matmul(gpu, layout, A, B, { ...whole, shape: [m, n] }, way);
          const [values = new Float32Array()] = await takeArrays(gpu, whole);
          const behind = values.subarray(m * n);
          expect(behind.length).toBe(guard);
          expect(behind.findIndex((x) => x !== 7)).toBe(-1);
          gpu.pool.free(A);
          gpu.pool.free(B);
        }
    },
  );

  it.each(engineKinds)('returns the same bits each time (%s)', async (kind) => {
    const gpu = engineOf(kind);
    const [A, B] = [gpu.commands.upload(draw(40, 24), [40, 24]), gpu.commands.upload(draw(40, 16), [40, 16])];
    const [first, second] = [gpu.pool.allocate([24, 16]), gpu.pool.allocate([24, 16])];
    for (const y of [first, second]) matmul(gpu, 'TN', A, B, y);
    const [once, twice] = await takeArrays(gpu, first, second);
    expect(once).toEqual(twice);
    gpu.pool.free(A);
    gpu.pool.free(B);
  });
});
