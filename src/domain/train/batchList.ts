import * as v from 'valibot';

const row = v.pipe(v.number(), v.integer(), v.minValue(0));
const batchListSchema = v.pipe(v.array(v.pipe(v.array(row), v.minLength(2))), v.minLength(1));

/** A listed batch order: rows of the pairs as stored (from 0), a list a step; or the place of what is wrong. */
export function readBatchList(json: unknown): { batches: number[][] } | { wrongAt: string } {
  const result = v.safeParse(batchListSchema, json);
  return result.success ? { batches: result.output } : { wrongAt: v.getDotPath(result.issues[0]) ?? '' };
}
