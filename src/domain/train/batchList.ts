import * as v from 'valibot';
import type { Experiment } from '../experiment';

const row = v.pipe(v.number(), v.integer(), v.minValue(0));
const batchListSchema = v.pipe(v.array(v.pipe(v.array(row), v.minLength(2))), v.minLength(1));

/**
 * Parses a listed batch order: for each step, a list of row numbers of the stored pairs, counted from 0. `wrongAt` is
 * the path of the first error.
 */
export function readBatchList(json: unknown): { batches: number[][] } | { wrongAt: string } {
  const result = v.safeParse(batchListSchema, json);
  return result.success ? { batches: result.output } : { wrongAt: v.getDotPath(result.issues[0]) ?? '' };
}

/** Returns the number of rows in the largest batch. */
export function largestBatch(batches: readonly (readonly number[])[]): number {
  return batches.reduce((most, batch) => Math.max(most, batch.length), 0);
}

/**
 * Whether a stage lists its batches. The list names rows of the pairs by number, so all of them stay. Stages on scored
 * pairs have no list.
 */
export function hasListedBatches({ stages }: Pick<Experiment, 'stages'>): boolean {
  return stages.some(({ batching }) => batching.kind === 'listed');
}
