import * as v from 'valibot';

/** Explicit negatives per pair. Each of them is one more text in every batch, so more than a few are rarely useful. */
const perAnchor = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64));

/**
 * Explicit negatives of a stage's pairs, in addition to those in the batch. A stage without this field uses only the
 * negatives in the batch.
 */
export const negativesSchema = v.variant('from', [
  /** The negatives that the pairs' file has. A pair with fewer gets others' at random. */
  v.strictObject({ from: v.literal('imported'), perAnchor }),
  /** Passages of the knowledge base, drawn at random. */
  v.strictObject({ from: v.literal('random'), perAnchor }),
]);
export type Negatives = v.InferOutput<typeof negativesSchema>;
export type NegativeSource = Negatives['from'];

export const defaultNegativesPerAnchor = 1;
