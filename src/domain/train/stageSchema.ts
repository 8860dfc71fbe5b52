import * as v from 'valibot';
import { stageVersion1, type Precision } from '../experimentVersion1';
import { batchingSchema } from './batchingSchema';
import { emaSchema } from './emaSchema';
import { dataOfLoss, lossSchema } from './lossSchema';
import { negativesSchema } from './negativesSchema';
import { scheduleSchema } from './scheduleSchema';
import { stageDataKinds } from './stageData';
import { frozenSchema, strategySchema } from './strategySchema';

/**
 * A training stage. Fields that version 1 lacks are optional; if they are absent, the stage means the same as there.
 */
export const stageSchema = v.pipe(
  v.strictObject({
    ...stageVersion1.entries,
    strategy: strategySchema,
    /** Absent if nothing is frozen. */
    frozen: v.optional(frozenSchema),
    loss: lossSchema,
    /** The rows that the stage trains on. Absent means pairs. */
    data: v.optional(v.picklist(stageDataKinds)),
    /** Absent means that only the other texts of the batch are negatives. */
    negatives: v.optional(negativesSchema),
    batching: batchingSchema,
    schedule: scheduleSchema,
    optimizer: v.strictObject({
      ...stageVersion1.entries.optimizer.entries,
      /** Learning rate of each layer as a share of that of the next higher layer. Absent means 1. */
      layerDecay: v.optional(v.pipe(v.number(), v.minValue(0.1), v.maxValue(1))),
    }),
    /** Absent if the weights are not averaged. */
    ema: v.optional(emaSchema),
  }),
  v.forward(
    v.partialCheck(
      [['data'], ['loss', 'kind']],
      ({ data = 'pairs', loss }) => dataOfLoss[loss.kind] === data,
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
  v.forward(
    v.partialCheck(
      [['data'], ['negatives']],
      ({ data, negatives }) => data !== 'scoredPairs' || negatives === undefined,
      'scored pairs have no negatives',
    ),
    ['negatives'],
  ),
);
export type Stage = v.InferOutput<typeof stageSchema>;

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
