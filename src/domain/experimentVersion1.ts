import * as v from 'valibot';
import { poolings } from './model';
import { dataRoles } from './records';

/**
 * Version 1 of the experiment's schema, which never changes: an experiment that it can state is stored, hashed and
 * shared as version 1, so that links and hashes made with it stay valid. Version 2 in experiment.ts is built on it.
 */

/** SHA-256 as 64 lower-case hex digits. */
export const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
export const positiveCount = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000_000));
export const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
/** Excludes 1: AdamW's bias correction (1 − βᵗ) and dropout's scale 1 / (1 − p) would divide by 0. */
const fractionBelowOne = v.pipe(v.number(), v.minValue(0), v.ltValue(1));
const prefix = v.pipe(v.string(), v.maxLength(500));

export const dataEntrySchema = v.strictObject({
  role: v.picklist(dataRoles),
  /** Only for role `questions`. */
  part: v.optional(v.picklist(['dev', 'test'])),
  contentSha256: sha256,
  /**
   * Only for role `knowledgeBase`: whether a passage is encoded with its title before its text. Absent means false, so
   * that experiments made before this field existed keep their hash.
   */
  joinTitles: v.optional(v.boolean()),
});
export const experimentModelSchema = v.strictObject({
  /** Content hash of the model; see StoredModel in model.ts. */
  contentSha256: sha256,
  pooling: v.picklist(poolings),
  normalize: v.boolean(),
  maxTokens: v.pipe(v.number(), v.integer(), v.minValue(3), v.maxValue(8192)),
  queryPrefix: prefix,
  passagePrefix: prefix,
});

const batchingVersion1 = v.variant('kind', [
  v.strictObject({
    kind: v.literal('seeded'),
    batchSize: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(65_536)),
    /**
     * Whether to keep equal passages and equal anchors out of the same batch, because a right answer would count as a
     * negative there.
     */
    avoidDuplicatePassages: v.boolean(),
  }),
  /**
   * Batches listed in a file: one list of pair rows per step. `sha256` is the hash of the canonical JSON of these
   * lists.
   */
  v.strictObject({ kind: v.literal('listed'), sha256 }),
]);

/**
 * With `mixed`, activations and operands of matrix products are in half precision; sums and master weights stay in
 * float32. Needs a device with half precision. `mixed-matrices` also multiplies on matrix units (subgroup matrices),
 * which add in an order of their own. Needs a device that offers them to the browser.
 */
export const precisions = ['full', 'mixed', 'mixed-matrices'] as const;
export type Precision = (typeof precisions)[number];

export const stageVersion1 = v.strictObject({
  strategy: v.strictObject({ kind: v.literal('full') }),
  loss: v.strictObject({
    kind: v.literal('inBatchInfoNce'),
    temperature: v.pipe(v.number(), v.minValue(0.001), v.maxValue(10)),
    directions: v.picklist(['queryToPassage', 'both']),
  }),
  batching: batchingVersion1,
  duration: v.variant('unit', [
    v.strictObject({ unit: v.literal('epochs'), value: v.pipe(v.number(), v.minValue(0.01), v.maxValue(1000)) }),
    v.strictObject({ unit: v.literal('steps'), value: positiveCount }),
  ]),
  schedule: v.strictObject({
    kind: v.picklist(['linear', 'cosine', 'constant']),
    /** Share of the steps over which the learning rate rises from 0. */
    warmup: fraction,
  }),
  optimizer: v.strictObject({
    kind: v.literal('adamW'),
    learningRate: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    beta1: fractionBelowOne,
    beta2: fractionBelowOne,
    epsilon: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    /** Not applied to biases or LayerNorm parameters. */
    weightDecay: v.pipe(v.number(), v.minValue(0), v.maxValue(10)),
    /** Maximum L2 norm of all gradients together; 0 turns clipping off. */
    clipNorm: v.pipe(v.number(), v.minValue(0), v.maxValue(1e6)),
  }),
  /** One rate for all dropout layers, or `model` for the rates in the model's config.json. */
  dropout: v.union([v.literal('model'), fractionBelowOne]),
  /** Absent for `full`, so that experiments made before this field existed keep their hash. */
  precision: v.optional(v.picklist(precisions)),
});

export const metricNames = [
  'hitRateAt1',
  'hitRateAt3',
  'hitRateAt5',
  'hitRateAt10',
  'recallAt10',
  'mrrAt10',
  'ndcgAt10',
] as const;

export const experimentVersion1 = v.strictObject({
  schemaVersion: v.literal(1),
  seed: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1)),
  data: v.pipe(v.array(dataEntrySchema), v.maxLength(64)),
  split: v.strictObject({
    /** Used only if there are no dev questions: this share of the pairs is held out as dev. */
    devFraction: fraction,
    devMaximum: positiveCount,
    /** Absent means false, so that experiments made before this field existed keep their hash. */
    removeNearDuplicates: v.optional(v.boolean()),
  }),
  model: v.nullable(experimentModelSchema),
  stages: v.pipe(v.array(stageVersion1), v.minLength(1), v.maxLength(16)),
  evaluation: v.strictObject({
    primary: v.picklist(metricNames),
    ks: v.pipe(v.array(positiveCount), v.minLength(1), v.maxLength(16)),
    /** Steps between dev evaluations. With 0, dev is evaluated only before and after training. */
    devEverySteps: v.pipe(v.number(), v.integer(), v.minValue(0)),
    /** Selects the weights that are evaluated on test and exported. */
    checkpoint: v.picklist(['bestDev', 'last']),
  }),
});
