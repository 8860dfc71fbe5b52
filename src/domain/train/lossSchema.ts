import * as v from 'valibot';
import { stageVersion1 } from '../experimentVersion1';

const inBatchInfoNce = stageVersion1.entries.loss;

/** Each pair's score against each other passage of the batch, compared one by one (uniem's PairInBatchSigmoidLoss). */
const sigmoidPairsSchema = v.strictObject({
  kind: v.literal('sigmoidPairs'),
  temperature: inBatchInfoNce.entries.temperature,
});

/** The loss of a stage. The first member is the loss of version 1. */
export const lossSchema = v.variant('kind', [inBatchInfoNce, sigmoidPairsSchema]);
export type LossSettings = v.InferOutput<typeof lossSchema>;
export type LossKind = LossSettings['kind'];

/** The losses that tfjs computes; see workers/losses. The engine's own kernels compute the others. */
export type TfjsLossSettings = Extract<LossSettings, { kind: 'sigmoidPairs' }>;
export type FusedLossSettings = Exclude<LossSettings, TfjsLossSettings>;

export function isTfjsLoss(loss: LossSettings): loss is TfjsLossSettings {
  return loss.kind === 'sigmoidPairs';
}

/** Returns the settings of another loss. Keeps the temperature, which both have. */
export function lossOfKind(kind: LossKind, { temperature }: LossSettings): LossSettings {
  switch (kind) {
    case 'inBatchInfoNce':
      return { kind, temperature, directions: 'queryToPassage' };
    case 'sigmoidPairs':
      return { kind, temperature };
    default:
      return kind satisfies never;
  }
}
