import { type DeviceArray, arrayLength } from '../arrays';
import type { Engine, EngineTraits } from '../engine';
import { memo } from '../memo';
import { trainedSegmentArrays, type SegmentTable } from '../model/segmentTable';
import { rowKernel, rowKernelGroups } from '../rowKernel';

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
  const length = arrayLength(gradients.shape);
  const rows = squarePartCount(gradients);
  engine.commands.dispatch(
    squaresKernel(engine.traits),
    { gradients, parts },
    { rows, length, firstPart },
    rowKernelGroups(engine.traits, rows),
  );
}

const squaresKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'gradient squares',
    params: { rows: 'u32', length: 'u32', firstPart: 'u32' },
    reads: { gradients: 'f32' },
    writes: { parts: 'f32' },
    wasm: { call: 'gradientSquares', items: ({ rows }) => rows, constants: [squarePartLength] },
    body: `
  let end = min((row + 1u) * ${squarePartLength}u, p.length);
  var sum = 0.0;
  for (var i = row * ${squarePartLength}u + me; i < end; i += step) { sum += gradients[i] * gradients[i]; }
  let all = row_sum(sum, me);
  if (me == 0u) { parts[p.firstPart + row] = all; }`,
  }),
);

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
