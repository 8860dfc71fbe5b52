import type { AppErrorDetails } from '../errors';
import { usesHalf, type Experiment, type Stage } from '../experiment';
import type { StoredTensor } from '../modelTensors';
import { pairsPerStep } from './batchingSchema';
import { lossRefusal } from './lossRefusal';
import type { PairCounts, TrainCounts } from './pairCounts';
import { adaptedWeights } from './lora';
import { prefixRefusal } from './prefixRefusal';
import { dataOfStage, keepsTextsApart } from './stageData';
import { stepCount } from './stepCount';
import { layerCount, trainedParameters } from './trainedParameters';

/** Returns the error if the stage's rows can't fill one batch, with the count that is too small; else null. */
export function batchShortage(
  stage: Pick<Stage, 'batching' | 'data'>,
  stageIndex: number,
  { pairs, passages, anchors }: PairCounts,
): AppErrorDetails | null {
  const { batching } = stage;
  if (batching.kind === 'listed') return null;
  const { batchSize } = batching;
  if (dataOfStage(stage) === 'scoredPairs')
    return pairs < batchSize ? { kind: 'too-few-scored-pairs', stage: stageIndex, pairs, batchSize } : null;
  const short = { kind: 'too-few-pairs', batchSize } as const;
  if (pairs < batchSize) return { ...short, pairs };
  if (!keepsTextsApart(stage) || Math.min(passages, anchors) >= batchSize) return null;
  return passages <= anchors
    ? { ...short, pairs: passages, distinct: 'passages' }
    : { ...short, pairs: anchors, distinct: 'anchors' };
}

/**
 * Returns the error for a stage that trains no parameter of the model, freezes layers that the model lacks, or has
 * unsuitable adapters or an unsuitable prefix; else null.
 */
export function strategyRefusal(
  { stages, model = null }: Pick<Experiment, 'stages'> & Partial<Pick<Experiment, 'model'>>,
  tensors: StoredTensor[],
): AppErrorDetails | null {
  const layers = layerCount(tensors);
  for (const [index, stage] of stages.entries()) {
    const frozen = stage.frozen?.layers ?? 0;
    if (frozen > layers) return { kind: 'too-many-frozen-layers', stage: index, frozen, layers };
    if (trainedParameters(tensors, stage).trained === 0) return { kind: 'nothing-trained', stage: index };
    const refusal = loraRefusal(stage, index, tensors);
    if (refusal) return refusal;
  }
  return prefixRefusal({ stages, model });
}

/**
 * Returns the error for adapters that are no smaller than their matrices, or that are trained in mixed precision; else
 * null.
 */
function loraRefusal(stage: Stage, index: number, tensors: readonly StoredTensor[]): AppErrorDetails | null {
  if (stage.strategy.kind !== 'lora') return null;
  if (usesHalf(stage.precision)) return { kind: 'lora-needs-full-precision', stage: index };
  const width = Math.min(...adaptedWeights(tensors, stage).flatMap(({ shape }) => shape));
  const { rank } = stage.strategy;
  return rank > width ? { kind: 'lora-rank-too-large', stage: index, rank, width } : null;
}

/**
 * Returns the error for the first stage whose warm-up has more steps than the stage, or null. `steps`: the number of
 * steps of each stage, or null if it is not known.
 */
export function warmupRefusal(
  { stages }: Pick<Experiment, 'stages'>,
  steps: readonly (number | null)[],
): AppErrorDetails | null {
  for (const [stage, { schedule }] of stages.entries()) {
    const [warmup, most] = [schedule.warmupSteps ?? 0, steps[stage] ?? Infinity];
    if (warmup > most) return { kind: 'warmup-too-long', stage, warmup, steps: most };
  }
  return null;
}

/**
 * Returns why a run cannot start, or null: it has no test questions, too few rows for a batch, a warm-up longer than
 * its stage, or a loss that does not suit the data or the model. `dimension` is the length of the model's vectors.
 */
export function runRefusal(
  experiment: Experiment,
  train: TrainCounts,
  testQuestions: number,
  dimension: number | null = null,
): AppErrorDetails | null {
  if (testQuestions === 0) return { kind: 'nothing-to-evaluate', part: 'test' };
  for (const [index, stage] of experiment.stages.entries()) {
    const shortage = batchShortage(stage, index, train[dataOfStage(stage)]);
    if (shortage) return shortage;
  }
  const most = experiment.stages.map((stage) =>
    stage.batching.kind === 'listed'
      ? null
      : stepCount(train[dataOfStage(stage)].pairs, pairsPerStep(stage.batching), stage.duration),
  );
  return warmupRefusal(experiment, most) ?? lossRefusalOf(experiment, dimension);
}

/** Returns the error for the first stage whose loss does not suit its data or the model; else null. */
export function lossRefusalOf({ stages }: Experiment, dimension: number | null): AppErrorDetails | null {
  for (const [index, stage] of stages.entries()) {
    const refusal = lossRefusal(stage, index, dimension);
    if (refusal) return refusal;
  }
  return null;
}
