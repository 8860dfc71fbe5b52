import * as v from 'valibot';
import { poolings, type StoredModel } from './model';
import { dataRoles } from './records';

/**
 * The experiment file: everything that a result depends on, and nothing else. The form, the share link, the headless
 * runner and the report all use this one object. docs/experiment.md explains every field.
 */
export const schemaVersion = 1;

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000_000));
const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
/** Excludes 1: AdamW's bias correction (1 − βᵗ) and dropout's scale 1 / (1 − p) would divide by 0. */
const fractionBelowOne = v.pipe(v.number(), v.minValue(0), v.ltValue(1));
const prefix = v.pipe(v.string(), v.maxLength(500));

const dataEntrySchema = v.strictObject({
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
/** An entry of an experiment file whose data is read from `locations`. */
export const entryWithoutHashSchema = v.omit(dataEntrySchema, ['contentSha256']);

export const experimentModelSchema = v.strictObject({
  /** Content hash of the model; see StoredModel in model.ts. */
  contentSha256: sha256,
  pooling: v.picklist(poolings),
  normalize: v.boolean(),
  maxTokens: v.pipe(v.number(), v.integer(), v.minValue(3), v.maxValue(8192)),
  queryPrefix: prefix,
  passagePrefix: prefix,
});

const batchingSchema = v.variant('kind', [
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

/** Whether activations are in half precision. A stage without `precision` uses full precision. */
export function usesHalf(precision: Precision | undefined): boolean {
  return precision === 'mixed' || precision === 'mixed-matrices';
}

const stageSchema = v.strictObject({
  strategy: v.strictObject({ kind: v.literal('full') }),
  loss: v.strictObject({
    kind: v.literal('inBatchInfoNce'),
    temperature: v.pipe(v.number(), v.minValue(0.001), v.maxValue(10)),
    directions: v.picklist(['queryToPassage', 'both']),
  }),
  batching: batchingSchema,
  duration: v.variant('unit', [
    v.strictObject({ unit: v.literal('epochs'), value: v.pipe(v.number(), v.minValue(0.01), v.maxValue(1000)) }),
    v.strictObject({ unit: v.literal('steps'), value: count }),
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

export const experimentSchema = v.strictObject({
  schemaVersion: v.literal(schemaVersion),
  seed: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1)),
  data: v.pipe(v.array(dataEntrySchema), v.maxLength(64)),
  split: v.strictObject({
    /** Used only if there are no dev questions: this share of the pairs is held out as dev. */
    devFraction: fraction,
    devMaximum: count,
    /** Absent means false, so that experiments made before this field existed keep their hash. */
    removeNearDuplicates: v.optional(v.boolean()),
  }),
  model: v.nullable(experimentModelSchema),
  stages: v.pipe(v.array(stageSchema), v.minLength(1), v.maxLength(16)),
  evaluation: v.strictObject({
    primary: v.picklist(metricNames),
    ks: v.pipe(v.array(count), v.minLength(1), v.maxLength(16)),
    /** Steps between dev evaluations. With 0, dev is evaluated only before and after training. */
    devEverySteps: v.pipe(v.number(), v.integer(), v.minValue(0)),
    /** Selects the weights that are evaluated on test and exported. */
    checkpoint: v.picklist(['bestDev', 'last']),
  }),
});

export type Experiment = v.InferOutput<typeof experimentSchema>;
export type ExperimentModel = v.InferOutput<typeof experimentModelSchema>;
export type Stage = v.InferOutput<typeof stageSchema>;
export type DataEntry = v.InferOutput<typeof dataEntrySchema>;
export type MetricName = (typeof metricNames)[number];

export function defaultStage(): Stage {
  return {
    strategy: { kind: 'full' },
    loss: { kind: 'inBatchInfoNce', temperature: 0.05, directions: 'queryToPassage' },
    batching: { kind: 'seeded', batchSize: 16, avoidDuplicatePassages: true },
    duration: { unit: 'epochs', value: 2 },
    schedule: { kind: 'linear', warmup: 0.1 },
    optimizer: {
      kind: 'adamW',
      learningRate: 2e-4,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
      clipNorm: 1,
    },
    dropout: 0,
  };
}

export function defaultExperiment(): Experiment {
  return {
    schemaVersion,
    seed: 7,
    data: [],
    split: { devFraction: 0.05, devMaximum: 200 },
    model: null,
    stages: [defaultStage()],
    evaluation: { primary: 'hitRateAt1', ks: [1, 3, 5, 10], devEverySteps: 25, checkpoint: 'bestDev' },
  };
}

/**
 * Returns an experiment's settings for a model: as read from the model's folder, or guessed if the folder does not
 * state them.
 */
export function experimentModelOf({
  contentSha256,
  defaults,
}: Pick<StoredModel, 'contentSha256' | 'defaults'>): ExperimentModel {
  const { pooling, normalize, maxTokens, queryPrefix, passagePrefix } = defaults;
  return {
    contentSha256,
    pooling: pooling.value,
    normalize: normalize.value,
    maxTokens: maxTokens.value,
    queryPrefix: queryPrefix.value,
    passagePrefix: passagePrefix.value,
  };
}
