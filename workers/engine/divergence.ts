import { arrayLength, rangeOf, type DeviceArray } from './arrays';
import { trainedSegmentArrays, type SegmentTable } from './model/segmentTable';
import { squarePartCount, squarePartLength, sumTableSquares } from './optimizer/sumSquares';

/**
 * Returns the name of the first trained parameter that has a non-finite number or sum of squares, or undefined if all
 * are finite. `parts` is scratch for `tableSquarePartCount(trained)` numbers. GPU→CPU sync.
 */
export async function divergedParameter(
  table: SegmentTable,
  trained: SegmentTable,
  parts: DeviceArray,
): Promise<string | undefined> {
  const { commands } = table.engine;
  sumTableSquares(table, trained, parts);
  const squares = await commands.read(parts); // GPU→CPU sync
  let part = squares.findIndex((square) => !Number.isFinite(square));
  if (part < 0) return undefined;
  for (const [segment, array] of trainedSegmentArrays(table, trained).entries()) {
    if (!array) continue;
    if (part >= squarePartCount(array)) {
      part -= squarePartCount(array);
      continue;
    }
    const first = part * squarePartLength;
    const end = Math.min(first + squarePartLength, arrayLength(array.shape));
    const values = await commands.read(rangeOf(array, first, end)); // GPU→CPU sync
    return table.ownerOf(segment, first + firstNaNOrLargest(values));
  }
  return undefined;
}

/** Returns the index of the first NaN, or of the largest magnitude if there is no NaN. */
function firstNaNOrLargest(values: Float32Array): number {
  const nan = values.findIndex(Number.isNaN);
  if (nan >= 0) return nan;
  return values.reduce((best, value, i) => (Math.abs(value) > Math.abs(values[best] ?? 0) ? i : best), 0);
}
