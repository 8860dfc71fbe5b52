import { type DeviceArray, arrayLength } from '../arrays';
import type { Engine, EngineTraits } from '../engine';
import { kernel } from '../kernel';
import { memo } from '../memo';
import { trainedSegmentArrays, type SegmentTable } from '../model/segmentTable';
import { guardedQuads, quadSum } from '../quadRows';
import { rowKernel, rowKernelGroups } from '../rowKernel';
import { workgroupSum } from '../workgroupSum';

/**
 * Gradients per part. One thread or workgroup sums the squares of a part; then the parts are added. Parts are small
 * enough to keep float32 precise and to find the parameter whose gradient is not finite.
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
  if (traits.software) {
    const groups = rowKernelGroups(traits, params.rows);
    return commands.dispatch(softwareSquares(traits), { gradients, parts }, params, groups);
  }
  commands.dispatch(gpuSquares, { gradients, parts }, params, params.rows);
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

/** Threads that sum one part on a GPU. */
const partThreads = 256;

const partQuads = Array.from({ length: squarePartLength / 4 / partThreads }, (_, n) => n);
/** Each thread loads all of its numbers before it sums them. */
const gpuSquares = kernel({
  ...squaresSpec,
  reads: { gradients: 'vec4<f32>' },
  workgroup: [partThreads, 1, 1],
  globals: quadSum + workgroupSum(partThreads) + guardedQuads('gradients', 'p.length'),
  body: `
  if (group >= p.rows) { return; }
  let first = group * ${squarePartLength / 4}u + lane;
${partQuads.map((n) => `  let g${n} = quad_at(first + ${n * partThreads}u);`).join('\n')}
  var sums = g0 * g0;
${partQuads
  .slice(1)
  .map((n) => `  sums = fma(g${n}, g${n}, sums);`)
  .join('\n')}
  let all = workgroup_sum(quad_sum(sums), lane);
  if (lane == 0u) { parts[p.firstPart + group] = all; }`,
});

/** Returns the number of partial sums of squares for all arrays of a table. */
export function tableSquarePartCount(table: SegmentTable): number {
  return table.arrays.reduce((sum, array) => sum + (array ? squarePartCount(array) : 0), 0);
}

/** Writes the partial sums of squares of `table` to `parts`, for the segments that `trained` contains. */
export function sumTableSquares(table: SegmentTable, trained: SegmentTable, parts: DeviceArray): void {
  let firstPart = 0;
  for (const array of trainedSegmentArrays(table, trained)) {
    if (!array) continue;
    sumSquares(table.engine, array, parts, firstPart);
    firstPart += squarePartCount(array);
  }
}
