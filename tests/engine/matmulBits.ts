import { expect } from 'vitest';
import type { Layout, MatmulTiling } from '../../src/domain/kernelPlan';
import type { DeviceArray } from '../../workers/engine/arrays';
import type { WebGpuEngine } from '../../workers/engine/gpu/webGpuEngine';
import { matmul, type MatmulOptions } from '../../workers/engine/ops/matmul/matmul';
import { seededRandom } from './random';
import { takeArrays } from './takeArrays';

interface BitsCase {
  layout: Layout;
  rows: number;
  columns: number;
  depth: number;
  chunk: number;
  /** Whether to try every epilogue as well. */
  epilogues: boolean;
}

/**
 * Asserts that every tiling sums a product in the canonical order, and that every epilogue has the same bits with every
 * tiling. Operands are integers, a few of them ±2²⁴, which swallow small terms: any other order gives another sum.
 */
export async function expectEqualBits(
  gpu: WebGpuEngine,
  tilings: readonly MatmulTiling[],
  given: BitsCase,
): Promise<void> {
  const { layout, rows, columns, depth, chunk } = given;
  const random = seededRandom(rows + columns + depth);
  const integers = (length: number, large: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length }, () => {
      const drawn = random();
      return drawn < large ? 2 ** 24 * (drawn < large / 2 ? 1 : -1) : Math.floor(9 * random()) - 4;
    });
  const [a, b] = [integers(rows * depth, 0.2), integers(columns * depth, 0)];
  const upload = (values: Float32Array<ArrayBuffer>, shape: number[]): DeviceArray =>
    gpu.commands.upload(values, shape);
  const A = upload(a, layout === 'TN' ? [depth, rows] : [rows, depth]);
  const B = upload(b, layout === 'NT' ? [columns, depth] : [depth, columns]);
  const noise = (shape: number[]): DeviceArray =>
    upload(
      Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, () => random() - 0.5),
      shape,
    );
  const bias = noise([columns]);
  const [residual, before, input] = [noise([rows, columns]), noise([rows, columns]), noise([rows, columns])];
  const pre = gpu.pool.allocate([rows, columns]);
  const place = { seed: 4, step: 9, op: 2, rate: 0.3 };
  const small = { alpha: 2 ** -24 };
  const epilogues: MatmulOptions[] = [
    { ...small, bias, dropout: place, residual },
    { ...small, geluGradient: input, accumulate: true },
    { ...small, bias, gelu: pre },
  ];
  const expected = canonicalProduct(given, a, b);
  const first: Float32Array[] = [];
  for (const tiling of tilings) {
    const name = JSON.stringify({ ...given, tiling });
    const [y, aSums] = [gpu.pool.allocate([rows, columns]), gpu.pool.allocate([rows])];
    matmul(gpu, layout, A, B, y, { tiling, chunk, ...(layout === 'TN' ? { aSums } : {}) });
    const [product, sums] = await takeArrays(gpu, y, aSums);
    expect(differing(product, expected.product), name).toBe(0);
    if (layout === 'TN') expect(differing(sums, expected.sums), name).toBe(0);
    for (const [i, epilogue] of (given.epilogues ? epilogues : []).entries()) {
      const into = gpu.pool.allocate([rows, columns]);
      gpu.commands.copy(before, into);
      matmul(gpu, layout, A, B, into, { ...epilogue, tiling, chunk });
      const [values = new Float32Array()] = await takeArrays(gpu, into);
      const same = (first[i] ??= values);
      expect(differing(values, same), `${name} epilogue ${i}`).toBe(0);
    }
  }
  for (const array of [A, B, bias, residual, before, input, pre]) gpu.pool.free(array);
}

/** Sums in the canonical order. Every term and every sum before its rounding is exact in float64. */
function canonicalProduct({ layout, rows, columns, depth, chunk }: BitsCase, a: Float32Array, b: Float32Array) {
  const left = (i: number, k: number): number => a[layout === 'TN' ? k * rows + i : i * depth + k] ?? NaN;
  const right = (k: number, j: number): number => b[layout === 'NT' ? j * depth + k : k * columns + j] ?? NaN;
  const sum = (term: (k: number) => number): number => {
    let all = 0;
    for (let start = 0; start < depth; start += chunk) {
      let part = 0;
      for (let k = start; k < Math.min(depth, start + chunk); k++) part = Math.fround(part + term(k));
      all = start === 0 ? part : Math.fround(all + part);
    }
    return all;
  };
  return {
    product: Float32Array.from({ length: rows * columns }, (_, at) => {
      const [i, j] = [Math.floor(at / columns), at % columns];
      return sum((k) => left(i, k) * right(k, j));
    }),
    sums: Float32Array.from({ length: rows }, (_, i) => sum((k) => left(i, k))),
  };
}

/** Returns how many numbers differ in any bit. */
function differing(values: Float32Array | undefined, expected: Float32Array | undefined): number {
  const bits = (array: Float32Array | undefined): Uint32Array => new Uint32Array(Float32Array.from(array ?? []).buffer);
  const [own, other] = [bits(values), bits(expected)];
  expect(own.length).toBe(other.length);
  return own.reduce((sum, each, i) => sum + (each === other[i] ? 0 : 1), 0);
}
