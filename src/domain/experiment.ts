import * as v from 'valibot';
import {
  dataEntrySchema,
  experimentVersion1,
  type experimentModelSchema,
  type metricNames,
} from './experimentVersion1';
import type { StoredModel } from './model';
import { earlyStopSchema } from './train/earlyStopSchema';
import { settingRanges } from './train/settingRanges';
import { defaultStage, stageSchema } from './train/stageSchema';

export { experimentModelSchema, metricNames, precisions, type Precision } from './experimentVersion1';
export { defaultStage, usesHalf, type Stage } from './train/stageSchema';
export { dataOfStage, trainsOn, type StageData } from './train/stageData';

/**
 * The experiment file: everything that a result depends on, and nothing else. The form, the share link, the headless
 * runner and the report all use this one object. docs/experiment.md explains every field.
 */
export const schemaVersion = 2;

/** An entry of an experiment file whose data is read from `locations`. */
export const entryWithoutHashSchema = v.omit(dataEntrySchema, ['contentSha256']);

export const experimentSchema = v.strictObject({
  ...experimentVersion1.entries,
  /** The lowest version that can state the experiment; see `withLowestVersion`. */
  schemaVersion: v.picklist([1, 2]),
  evaluation: v.strictObject({
    ...experimentVersion1.entries.evaluation.entries,
    /** Absent if the run never stops early. */
    earlyStop: v.optional(earlyStopSchema),
    /**
     * Limits the time of dev evaluations during training to this share, by evaluating on a sample of the knowledge base
     * or less often; see `planDev`. Absent if each is on the whole knowledge base.
     */
    devTimeShare: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(settingRanges.devTimeShare.high))),
  }),
  stages: v.pipe(v.array(stageSchema), v.minLength(1), v.maxLength(16)),
});

export type Experiment = v.InferOutput<typeof experimentSchema>;
export type ExperimentModel = v.InferOutput<typeof experimentModelSchema>;
export type DataEntry = v.InferOutput<typeof dataEntrySchema>;
export type MetricName = (typeof metricNames)[number];

/**
 * Returns the experiment with the lowest schema version that can state it. An experiment without newer features thus
 * keeps its hash from earlier versions of the app, and they can open its links.
 */
export function withLowestVersion(experiment: Experiment): Experiment {
  const first = { ...experiment, schemaVersion: 1 as const };
  return v.is(experimentVersion1, first) ? first : { ...experiment, schemaVersion };
}

export function defaultExperiment(): Experiment {
  return {
    schemaVersion: 1,
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
