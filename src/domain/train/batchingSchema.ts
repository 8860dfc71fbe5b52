import * as v from 'valibot';
import { stageVersion1 } from '../experimentVersion1';
import { isObject } from '../isObject';

const [seededVersion1, listedVersion1] = stageVersion1.entries.batching.options;

/** How a stage's pairs are put into batches. */
export const batchingSchema = v.variant('kind', [
  v.strictObject({
    ...seededVersion1.entries,
    /** Batches per step, whose gradients are averaged. A batch's negatives come only from itself. Absent means 1. */
    accumulation: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1024))),
  }),
  listedVersion1,
]);
export type Batching = v.InferOutput<typeof batchingSchema>;

/** Drops `accumulation: 1`, because an absent field means 1. */
export function withoutUsualAccumulation(batching: unknown): unknown {
  if (!isObject(batching) || batching['accumulation'] !== 1) return batching;
  const { accumulation: _, ...rest } = batching;
  return rest;
}

/** Returns the number of pairs per step of seeded batches. */
export function pairsPerStep({
  batchSize,
  accumulation = 1,
}: {
  batchSize: number;
  accumulation?: number | undefined;
}): number {
  return batchSize * accumulation;
}

/** Cuts the rows of a step into the batches whose gradients it accumulates: one batch, unless the stage accumulates. */
export function batchesOfStep(rows: readonly number[], batching: Batching): number[][] {
  if (batching.kind === 'listed' || batching.accumulation === undefined) return [[...rows]];
  const { batchSize } = batching;
  return Array.from({ length: Math.max(1, Math.ceil(rows.length / batchSize)) }, (_, i) =>
    rows.slice(i * batchSize, (i + 1) * batchSize),
  );
}
