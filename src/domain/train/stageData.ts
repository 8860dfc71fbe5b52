import type { Batching } from './batchingSchema';

/** The rows that a stage can train on: pairs, or two sentences with a score. */
export const stageDataKinds = ['pairs', 'scoredPairs'] as const;
export type StageData = (typeof stageDataKinds)[number];

/** The field of a stage that names its rows. */
interface NamesData {
  data?: StageData | undefined;
}

/** Returns the rows that a stage trains on. */
export function dataOfStage({ data }: NamesData): StageData {
  return data ?? 'pairs';
}

/** Whether a stage of the experiment trains on these rows. */
export function trainsOn(stages: readonly NamesData[], data: StageData): boolean {
  return stages.some((stage) => dataOfStage(stage) === data);
}

/** Whether no text may be in a batch twice. In scored pairs, a repeated text is never a false negative. */
export function keepsTextsApart({ batching, data }: NamesData & { batching: Batching }): boolean {
  return batching.kind === 'seeded' && batching.avoidDuplicatePassages && dataOfStage({ data }) === 'pairs';
}
