import { lengthOf, type DeviceArray } from './arrays';
import type { SegmentTable } from './model/segments';
import { partLength, squareParts, sumSquares } from './optimizer/gradientNorm';

/** Returns the number of partial sums of squares for all arrays of a table. */
export function partCount(table: SegmentTable): number {
  return table.arrays.reduce((sum, array) => sum + (array ? squareParts(array) : 0), 0);
}

/** Writes partial sums of squares of `table` to `parts`, for the segments that `trained` contains. */
export function sumTrainedSquares(table: SegmentTable, trained: SegmentTable, parts: DeviceArray): void {
  let firstPart = 0;
  for (const array of trainedArrays(table, trained)) {
    if (!array) continue;
    sumSquares(table.engine, array, parts, firstPart);
    firstPart += squareParts(array);
  }
}

/**
 * Returns the name of the first trained parameter that has a non-finite number or sum of squares, or undefined if all
 * are finite. `parts` is scratch for `partCount(trained)` numbers. GPU→CPU sync.
 */
export async function firstNotFinite(
  table: SegmentTable,
  trained: SegmentTable,
  parts: DeviceArray,
): Promise<string | undefined> {
  const { commands } = table.engine;
  sumTrainedSquares(table, trained, parts);
  const squares = await commands.read(parts); // GPU→CPU sync
  let part = squares.findIndex((square) => !Number.isFinite(square));
  if (part < 0) return undefined;
  for (const [segment, array] of trainedArrays(table, trained).entries()) {
    if (!array) continue;
    if (part >= squareParts(array)) {
      part -= squareParts(array);
      continue;
    }
    const first = part * partLength;
    const shape = [Math.min(partLength, lengthOf(array.shape) - first)];
    const values = await commands.read({ ...array, offset: array.offset + first * 4, shape }); // GPU→CPU sync
    return table.ownerOf(segment, first + firstNaNOrLargest(values));
  }
  return undefined;
}

/** Returns the table's array for each segment, or undefined if the segment is frozen. */
function trainedArrays(table: SegmentTable, trained: SegmentTable): (DeviceArray | undefined)[] {
  return table.arrays.map((array, segment) => (trained.arrays[segment] ? array : undefined));
}

/** Returns the index of the first NaN, or of the largest magnitude if there is no NaN. */
function firstNaNOrLargest(values: Float32Array): number {
  const nan = values.findIndex(Number.isNaN);
  if (nan >= 0) return nan;
  return values.reduce((best, value, i) => (Math.abs(value) > Math.abs(values[best] ?? 0) ? i : best), 0);
}
