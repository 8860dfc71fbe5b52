import * as v from 'valibot';
import { stageVersion1 } from '../experimentVersion1';

/** CoSENT: the cosines of scored pairs should have the order of their scores. */
const cosentSchema = v.strictObject({
  kind: v.literal('cosent'),
  temperature: stageVersion1.entries.loss.entries.temperature,
});

export const lossSchema = v.variant('kind', [stageVersion1.entries.loss, cosentSchema]);
export type LossSettings = v.InferOutput<typeof lossSchema>;

/** The rows that a stage can train on: pairs, or two sentences with a score. */
export const stageDataKinds = ['pairs', 'scoredPairs'] as const;
export type StageData = (typeof stageDataKinds)[number];

/** The rows that each loss trains on. */
export const dataOfLoss: Record<LossSettings['kind'], StageData> = {
  inBatchInfoNce: 'pairs',
  cosent: 'scoredPairs',
};
