import { drawn } from '../negatives/chooseNegatives';
import type { RandomStream } from '../random';

/**
 * Draws, for each row of a batch, the other rows whose texts become its negatives: `count` of those that are not left
 * out, or all of them if there are fewer. Each list holds positions in the batch, in ascending order.
 */
export function drawnRows(
  batchSize: number,
  count: number,
  random: RandomStream,
  leftOut: readonly (readonly number[])[] | null,
): number[][] {
  return Array.from({ length: batchSize }, (_, row) => {
    const out = new Set(leftOut?.[row]);
    const found: number[] = [];
    for (const place of drawn(batchSize - 1, random)) {
      if (found.length === count) break;
      const other = place < row ? place : place + 1;
      if (!out.has(other)) found.push(other);
    }
    return found.sort((a, b) => a - b);
  });
}
