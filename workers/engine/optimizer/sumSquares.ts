import { type DeviceArray, arrayLength } from '../arrays';
import type { Engine, EngineTraits } from '../engine';
import { kernel } from '../kernel';
import { memo } from '../memo';
import { trainedSegmentArrays, type SegmentTable } from '../model/segmentTable';
import { quadSum } from '../quadRows';
import { rowKernel, rowKernelGroups } from '../rowKernel';
import { workgroupSum } from '../workgroupSum';

/**
 * Gradients per part. One thread or workgroup sums the squares of a part, then all parts are added. Parts are small
 * enough to keep float32 precise and to locate the parameter of a gradient that is not finite.
 */
export const squarePartLength = 4096;

/** Returns the number of parts of a gradient segment. */
export function squarePartCount({ shape }: DeviceArray): number {
  return Math.ceil(arrayLength(shape) / squarePartLength);
}

/** Writes Σ g² of each part of a gradient segment to parts[firstPart …]. */
export function sumSquares(engine: Engine, gradients: DeviceArray, parts: DeviceArray, firstPart: number): void {
  const { traits, commands } = engine;
  const params = { rows: squarePartCount(gradients), length: arrayLength(gradients.shape), firstPart };
  const { software } = traits;
  if (software) {
    const groups = rowKernelGroups(traits, params.rows);
    return commands.dispatch(softwareSquares(traits), { gradients, parts }, params, groups);
  }
  commands.dispatch(squaresKernel(partThreads), { gradients, parts }, params, params.rows);
}

const squaresSpec = {
  name: 'gradient squares',
  params: { rows: 'u32', length: 'u32', firstPart: 'u32' },
  writes: { parts: 'f32' },
  wasm: { call: 'gradientSquares', items: ({ rows }: { rows: number }) => rows, constants: [squarePartLength] },
} as const;

const softwareSquares = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    ...squaresSpec,
    reads: { gradients: 'f32' },
    body: `
  let end = min((row + 1u) * ${squarePartLength}u, p.length);
  var sum = 0.0;
  for (var i = row * ${squarePartLength}u + me; i < end; i += step) { sum += gradients[i] * gradients[i]; }
  let all = row_sum(sum, me);
  if (me == 0u) { parts[p.firstPart + row] = all; }`,
  }),
);

/** Threads of a GPU that sum one part. */
const partThreads = 256;

/** Builds the kernel of GPUs. A thread loads all of its numbers before it sums them. */
export const squaresKernel = memo((threads: number) => {
  const quads = squarePartLength / 4 / threads;
  const each = (statement: (n: number) => string): string =>
    Array.from({ length: quads }, (_, n) => `  ${statement(n)}`).join('\n');
  return kernel({
    ...squaresSpec,
    reads: { gradients: 'vec4<f32>' },
    workgroup: [threads, 1, 1],
    globals: `${quadSum}${workgroupSum(threads)}
fn quad_at(i: u32) -> vec4<f32> {
  let left = vec4<u32>(0u, 1u, 2u, 3u) + 4u * i < vec4<u32>(p.length);
  return select(vec4<f32>(), gradients[min(i, (p.length - 1u) / 4u)], left);
}`,
    body: `
  if (group >= p.rows) { return; }
  let first = group * ${squarePartLength / 4}u + lane;
${each((n) => `let g${n} = quad_at(first + ${n * threads}u);`)}
  var sums = g0 * g0;
${Array.from({ length: quads - 1 }, (_, n) => `  sums = fma(g${n + 1}, g${n + 1}, sums);`).join('\n')}
  let all = workgroup_sum(quad_sum(sums), lane);
  if (lane == 0u) { parts[p.firstPart + group] = all; }`,
  });
});

/** Returns the number of partial sums of squares for all arrays of a table. */
export function tableSquarePartCount(table: SegmentTable): number {
  return table.arrays.reduce((sum, array) => sum + (array ? squarePartCount(array) : 0), 0);
}

/** Writes partial sums of squares of `table` to `parts`, for the segments that `trained` contains. */
export function sumTableSquares(table: SegmentTable, trained: SegmentTable, parts: DeviceArray): void {
  let firstPart = 0;
  for (const array of trainedSegmentArrays(table, trained)) {
    if (!array) continue;
    sumSquares(table.engine, array, parts, firstPart);
    firstPart += squarePartCount(array);
  }
}
