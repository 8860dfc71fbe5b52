import * as v from 'valibot';
import { experimentModelSchema, fraction } from '../experimentVersion1';
import { judgedId } from '../negatives/judgedPairs';

/**
 * Maximum number of explicit negatives per pair. Each is one more text in every batch, so more than a few are rarely
 * useful.
 */
export const maxPerAnchor = 64;
const perAnchor = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(maxPerAnchor));

/** Maximum number of negatives that the user can drop by hand. */
export const maxDropped = 1000;

/** Ids of negatives that the user has dropped; see `JudgedPairs`. Absent means none. */
const dropped = v.optional(
  v.pipe(
    v.array(v.pipe(v.string(), v.regex(judgedId))),
    v.minLength(1),
    v.maxLength(maxDropped),
    v.check((ids) => new Set(ids).size === ids.length),
  ),
);

export const highestRank = 10_000;
const rank = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(highestRank));
const cosine = v.pipe(v.number(), v.minValue(-1), v.maxValue(1));
export const picks = ['top', 'random', 'lowest'] as const;

/**
 * Explicit negatives of a stage's pairs, in addition to those in the batch. A stage without this field uses only the
 * negatives in the batch.
 */
export const negativesSchema = v.variant('from', [
  /** The negatives in the pairs' file. A pair with too few gets random ones from other pairs. */
  v.strictObject({ from: v.literal('imported'), perAnchor, dropped }),
  /** Passages of the knowledge base, drawn at random. */
  v.strictObject({ from: v.literal('random'), perAnchor, dropped }),
  /** Passages found by searching the knowledge base with a model. */
  v.pipe(
    v.strictObject({
      from: v.literal('mined'),
      perAnchor,
      dropped,
      /** The stored model that searches, with its settings. Absent means the base model. */
      model: v.optional(experimentModelSchema),
      /** Ranks of the search that are candidates, counted from 1. */
      firstRank: rank,
      lastRank: rank,
      /** Cosines that a candidate may have. Absent means no limit. */
      minScore: v.optional(cosine),
      maxScore: v.optional(cosine),
      /**
       * A candidate's cosine is at most that of the positive times 1 − `relativeMargin`, and at most that of the
       * positive less `absoluteMargin`. If both are absent, candidates may score above the positive.
       */
      relativeMargin: v.optional(fraction),
      absoluteMargin: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
      /** Which of the candidates to take: the highest-ranked, random ones, or the lowest-ranked. */
      pick: v.picklist(picks),
    }),
    v.forward(
      v.check(({ firstRank, lastRank }) => firstRank <= lastRank),
      ['lastRank'],
    ),
    v.forward(
      v.check(({ minScore = -1, maxScore = 1 }) => minScore <= maxScore),
      ['maxScore'],
    ),
  ),
]);
export type MinedNegatives = Extract<Negatives, { from: 'mined' }>;
export type Negatives = v.InferOutput<typeof negativesSchema>;
export type NegativeSource = Negatives['from'];

export const defaultNegativesPerAnchor = 1;

/** The margin relative to the positive's score that sentence-transformers recommends (TopK-PercPos, 95%). */
export const defaultRelativeMargin = 0.05;

/** Whether mined negatives that score above the positive, or close to it, are left out. */
export function hasMargin({ relativeMargin, absoluteMargin }: MinedNegatives): boolean {
  return relativeMargin !== undefined || absoluteMargin !== undefined;
}

/** Returns the settings without margins. */
export function withoutMargin({ relativeMargin: _, absoluteMargin: __, ...rest }: MinedNegatives): MinedNegatives {
  return rest;
}

/**
 * Returns the initial settings for mining: ranks 300 to 500 of 10,000 passages or more, and the same shares of a
 * smaller knowledge base.
 */
export function defaultMined(passages: number, perAnchor = defaultNegativesPerAnchor): MinedNegatives {
  const scale = Math.min(1, passages / 10_000);
  const firstRank = Math.max(2, Math.round(300 * scale));
  const lastRank = Math.max(firstRank + perAnchor, Math.round(500 * scale));
  return { from: 'mined', perAnchor, firstRank, lastRank, relativeMargin: defaultRelativeMargin, pick: 'random' };
}
