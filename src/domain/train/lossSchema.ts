import * as v from 'valibot';
import { experimentModelSchema, stageVersion1 } from '../experimentVersion1';
import { isObject } from '../isObject';
import type { StageData } from './stageData';

/** Raises the logits of negatives by strength · cosine, as `hardness_mode` of sentence-transformers 6. */
const hardnessSchema = v.strictObject({
  /** Which negatives: other questions' passages, the question's explicit negatives, or both. */
  mode: v.picklist(['inBatch', 'explicit', 'all']),
  strength: v.pipe(v.number(), v.minValue(0), v.maxValue(100)),
});

const falseNegativesSchema = v.strictObject({
  /** Leaves out passages that the training data gives as answers to the same question. Absent means false. */
  known: v.optional(v.boolean()),
  /** Leaves out negatives that score above the positive's score minus a margin. */
  byScore: v.optional(
    v.strictObject({
      /** What the margin is: a cosine, or a share of the positive's cosine. */
      kind: v.picklist(['absolute', 'relative']),
      margin: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
      /**
       * The guide: a frozen stored model whose scores decide, with its settings. Absent means the trained model itself.
       */
      model: v.optional(experimentModelSchema),
    }),
  ),
});

const prefixSchema = v.strictObject({
  dimension: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_536)),
  weight: v.pipe(v.number(), v.minValue(0.001), v.maxValue(1000)),
});
export type Prefix = v.InferOutput<typeof prefixSchema>;

/** InfoNCE. An absent field means what version 1 does. */
const infoNceEntries = v.strictObject({
  ...stageVersion1.entries.loss.entries,
  /**
   * The passages that a question is contrasted with: all of the batch; its own and all explicit negatives; or its own
   * and its own explicit negatives. Absent means `batch`.
   */
  contrast: v.optional(v.picklist(['batch', 'explicit', 'own'])),
  /**
   * Number of other questions of the batch, drawn for each question, whose texts are its negatives. Absent means all.
   * Only for `batch`, because the others do not compare a question with other questions' passages.
   */
  inBatchNegatives: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))),
  /** One softmax per direction, or one for all terms. Absent means `perDirection`. */
  softmax: v.optional(v.picklist(['perDirection', 'joint'])),
  /** Sides whose texts are also contrasted with each other. Needs a joint softmax. */
  sameSide: v.optional(v.picklist(['queries', 'passages', 'both'])),
  hardness: v.optional(hardnessSchema),
  falseNegatives: v.optional(falseNegativesSchema),
  /** Lengths of the vectors' prefixes that are trained, with their weights. Absent means the whole vector. */
  matryoshka: v.optional(
    v.pipe(
      v.array(prefixSchema),
      v.minLength(1),
      v.maxLength(16),
      v.check(
        (prefixes) => new Set(prefixes.map(({ dimension }) => dimension)).size === prefixes.length,
        'dimensions that differ',
      ),
    ),
  ),
});

export const infoNceSchema = v.pipe(
  infoNceEntries,
  v.forward(
    v.partialCheck(
      [['softmax'], ['sameSide']],
      // A side's own texts never include the positive, so a softmax over them alone would have no target.
      ({ softmax, sameSide }) => sameSide === undefined || softmax === 'joint',
      'joint',
    ),
    ['softmax'],
  ),
  v.forward(
    v.partialCheck(
      [['contrast'], ['inBatchNegatives']],
      ({ contrast = 'batch', inBatchNegatives }) => inBatchNegatives === undefined || contrast === 'batch',
      'batch',
    ),
    ['contrast'],
  ),
);
export type InfoNceSettings = v.InferOutput<typeof infoNceSchema>;

/** Each pair's score against each other passage of the batch, compared one by one (uniem's PairInBatchSigmoidLoss). */
const sigmoidPairsSchema = v.strictObject({
  kind: v.literal('sigmoidPairs'),
  temperature: stageVersion1.entries.loss.entries.temperature,
});

/** CoSENT: the cosines of scored pairs should be in the order of their scores. */
const cosentSchema = v.strictObject({
  kind: v.literal('cosent'),
  temperature: stageVersion1.entries.loss.entries.temperature,
});

/** Mean squared difference between cosines and scores (sentence-transformers' CosineSimilarityLoss). */
const cosineMseSchema = v.strictObject({ kind: v.literal('cosineMse') });

/** AnglE: angles between complex vectors should be in the order of the scores. */
const angleSchema = v.strictObject({
  kind: v.literal('angle'),
  temperature: stageVersion1.entries.loss.entries.temperature,
});

/** Each explicit negative should be farther from the question than its positive, by a margin. */
const tripletSchema = v.strictObject({
  kind: v.literal('triplet'),
  /** 1 − cosine, or the length of the difference of the unit vectors. */
  distance: v.picklist(['cosine', 'euclidean']),
  margin: v.pipe(v.number(), v.minValue(0), v.maxValue(10)),
});
export type TripletSettings = v.InferOutput<typeof tripletSchema>;

/**
 * KL distillation: the softmax over a question's passage and explicit negatives should match that of a teacher's scores
 * (sentence-transformers' DistillKLDivLoss).
 */
const distillationSchema = v.pipe(
  v.strictObject({
    kind: v.literal('distillation'),
    /** Of the trained model's softmax. */
    temperature: stageVersion1.entries.loss.entries.temperature,
    /** Of the teacher's softmax. Absent means `temperature`. */
    teacherTemperature: v.optional(stageVersion1.entries.loss.entries.temperature),
    /** `imported`: uses the scores in the pairs' file. Absent means those that `teacher` computes. */
    scores: v.optional(v.literal('imported')),
    /**
     * Any stored model, frozen, with its settings. A run is refused if it has neither a teacher nor imported scores.
     */
    teacher: v.optional(experimentModelSchema),
  }),
  v.forward(
    v.partialCheck(
      [['scores'], ['teacher']],
      ({ scores, teacher }) => scores === undefined || teacher === undefined,
      'no teacher',
    ),
    ['teacher'],
  ),
);
export type DistillationSettings = v.InferOutput<typeof distillationSchema>;

/** The loss of a stage. The first member contains the loss of version 1. */
export const lossSchema = v.variant('kind', [
  infoNceSchema,
  sigmoidPairsSchema,
  tripletSchema,
  cosentSchema,
  angleSchema,
  cosineMseSchema,
  distillationSchema,
]);
export type LossSettings = v.InferOutput<typeof lossSchema>;
export type LossKind = LossSettings['kind'];
const lossKinds = lossSchema.options.map(({ entries }) => entries.kind.literal);

/** The rows that each loss trains on. */
export const dataOfLoss: Record<LossKind, StageData> = {
  inBatchInfoNce: 'pairs',
  sigmoidPairs: 'pairs',
  triplet: 'pairs',
  cosent: 'scoredPairs',
  angle: 'scoredPairs',
  cosineMse: 'scoredPairs',
  distillation: 'pairs',
};

/** Returns the losses that train on these rows. The first is the usual one. */
export function lossKindsFor(data: StageData): LossKind[] {
  return lossKinds.filter((kind) => dataOfLoss[kind] === data);
}

/** The losses that the engine's own kernels compute. tfjs computes the others; see workers/losses. */
export type FusedLossSettings = Extract<LossSettings, { kind: 'inBatchInfoNce' | 'cosent' }>;
export type TfjsLossSettings = Exclude<LossSettings, FusedLossSettings>;

export function isTfjsLoss(loss: LossSettings): loss is TfjsLossSettings {
  return loss.kind !== 'inBatchInfoNce' && loss.kind !== 'cosent';
}

/** Returns the temperature of a loss, or null if it has none. */
export function temperatureOf(loss: LossSettings): number | null {
  return 'temperature' in loss ? loss.temperature : null;
}

/** Returns the loss with another temperature, if it has one. */
export function withTemperature<Loss extends LossSettings>(loss: Loss, temperature: number): Loss {
  if (!('temperature' in loss)) return loss;
  const changed = { ...loss, temperature };
  return changed.kind === 'distillation' ? withoutOwnTemperature(changed) : changed;
}

/** Drops a teacher's temperature that equals the trained model's. */
function withoutOwnTemperature<Loss extends object>(loss: Loss): Loss {
  const { teacherTemperature, ...rest } = loss as Record<string, unknown>;
  const isUsual = teacherTemperature === undefined || teacherTemperature === rest['temperature'];
  return isUsual ? (rest as Loss) : loss;
}

/** Returns an object with changed fields. An undefined value removes its field. */
function withFields(before: object, change: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== undefined));
}

/** Applies a change made in the form to a distillation. An undefined value removes its field. */
export function withDistillationChange(
  loss: DistillationSettings,
  change: { [Name in keyof DistillationSettings]?: DistillationSettings[Name] | undefined },
): DistillationSettings {
  return v.parse(distillationSchema, withoutOwnTemperature(withFields(loss, change)));
}

/** The usual temperature of imported scores. Most come from a cross-encoder and are spread wider than cosines. */
const importedTemperature = 1;

/** Returns a distillation of the scores in the pairs' file, or of a teacher that is still to be chosen. */
export function withImportedScores(loss: DistillationSettings, imported: boolean): DistillationSettings {
  if (imported === (loss.scores === 'imported')) return loss;
  return withDistillationChange(
    loss,
    imported
      ? { scores: 'imported', teacher: undefined, teacherTemperature: loss.teacherTemperature ?? importedTemperature }
      : { scores: undefined, teacherTemperature: undefined },
  );
}

/** Returns the loss without a guide. The trained model's own scores then decide which negatives it leaves out. */
export function withoutGuide(loss: LossSettings): LossSettings {
  const byScore = loss.kind === 'inBatchInfoNce' ? loss.falseNegatives?.byScore : undefined;
  if (loss.kind !== 'inBatchInfoNce' || !byScore) return loss;
  const { model: _, ...own } = byScore;
  return { ...loss, falseNegatives: { ...loss.falseNegatives, byScore: own } };
}

/** The temperature that a newly chosen loss gets if the previous one had none. */
const usualTemperature = 0.05;

/** Returns the initial settings of a loss chosen in the form. Keeps the temperature if both losses have one. */
export function lossOfKind(kind: LossKind, before: LossSettings): LossSettings {
  const temperature = temperatureOf(before) ?? usualTemperature;
  switch (kind) {
    case 'inBatchInfoNce':
      return { kind, temperature, directions: 'queryToPassage' };
    case 'sigmoidPairs':
    case 'cosent':
    case 'angle':
    case 'distillation':
      return { kind, temperature };
    case 'triplet':
      return { kind, distance: 'cosine', margin: 0.2 };
    case 'cosineMse':
      return { kind };
    default:
      return kind satisfies never;
  }
}

/** Drops values that equal their defaults, so that equal losses have equal hashes. Does not validate. */
export function withoutUsualLoss(loss: Record<string, unknown>): Record<string, unknown> {
  if (loss['kind'] === 'distillation') return withoutOwnTemperature(loss);
  if (loss['kind'] !== 'inBatchInfoNce') return loss;
  const { contrast, softmax, hardness, falseNegatives, ...rest } = loss;
  const oneTerm = rest['directions'] === 'queryToPassage' && rest['sameSide'] === undefined;
  const usualSoftmax = softmax === 'perDirection' || (softmax === 'joint' && oneTerm);
  const noHardness = isObject(hardness) && hardness['strength'] === 0;
  const masks = isObject(falseNegatives) ? withoutFalse(falseNegatives) : falseNegatives;
  return {
    ...rest,
    ...(contrast === undefined || contrast === 'batch' ? {} : { contrast }),
    ...(softmax === undefined || usualSoftmax ? {} : { softmax }),
    ...(hardness === undefined || noHardness ? {} : { hardness }),
    ...(masks === undefined || (isObject(masks) && Object.keys(masks).length === 0) ? {} : { falseNegatives: masks }),
  };
}

function withoutFalse({ known, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return known === false || known === undefined ? rest : { ...rest, known };
}

/**
 * Applies a change made in the form to InfoNCE. An undefined value removes its field. Texts of one side can only be
 * contrasted with each other in a joint softmax, so setting `sameSide` also sets the softmax. A contrast other than
 * `batch` removes `inBatchNegatives`.
 */
export function withLossChange(
  loss: InfoNceSettings,
  change: { [Name in keyof InfoNceSettings]?: InfoNceSettings[Name] | undefined },
): InfoNceSettings {
  const merged = withFields(loss, change);
  if (merged['sameSide'] !== undefined) merged['softmax'] = 'joint';
  if ((merged['contrast'] ?? 'batch') !== 'batch') delete merged['inBatchNegatives'];
  return v.parse(infoNceSchema, withoutUsualLoss(merged));
}
