import * as v from 'valibot';
import { stageVersion1, type Precision } from '../experimentVersion1';
import { dataOfLoss, lossSchema, stageDataKinds, type LossSettings, type StageData } from './lossSchema';

/** A training stage. Fields that version 1 lacks are optional: their absence means what version 1 does. */
export const stageSchema = v.pipe(
  v.strictObject({
    ...stageVersion1.entries,
    loss: lossSchema,
    /** The rows that the stage trains on. Absent means pairs. */
    data: v.optional(v.picklist(stageDataKinds)),
  }),
  v.forward(
    v.partialCheck(
      [['data'], ['loss', 'kind']],
      ({ data, loss }) => dataOfLoss[loss.kind] === (data ?? 'pairs'),
      'the data that the loss needs',
    ),
    ['data'],
  ),
  v.forward(
    v.partialCheck(
      [['data'], ['batching', 'kind']],
      // A batch list names rows of the pairs.
      ({ data, batching }) => data !== 'scoredPairs' || batching.kind === 'seeded',
      'seeded',
    ),
    ['batching', 'kind'],
  ),
);
export type Stage = v.InferOutput<typeof stageSchema>;

/** Returns the rows that a stage trains on. */
export function dataOfStage({ data }: Pick<Stage, 'data'>): StageData {
  return data ?? 'pairs';
}

/** Whether a stage of the experiment trains on these rows. */
export function trainsOn(stages: readonly Pick<Stage, 'data'>[], data: StageData): boolean {
  return stages.some((stage) => dataOfStage(stage) === data);
}

/** Returns the loss that a stage gets when other data is chosen for it. */
export function defaultLoss(data: StageData): LossSettings {
  return data === 'pairs' ? defaultStage().loss : { kind: 'cosent', temperature: 0.05 };
}

/** Whether activations are in half precision. A stage without `precision` uses full precision. */
export function usesHalf(precision: Precision | undefined): boolean {
  return precision === 'mixed' || precision === 'mixed-matrices';
}

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
