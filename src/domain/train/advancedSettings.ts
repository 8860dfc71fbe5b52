import { prefixText } from './prefixList';
import { dataOfStage, defaultExperiment, type Experiment } from '../experiment';
import type { InfoNceSettings } from './lossSchema';

/** Returns the values of a stage's settings that the train screen shows under "Advanced". */
function advancedValues({ seed, stages, evaluation }: Experiment, stageIndex = 0): Record<string, unknown> {
  const stage = stages[stageIndex];
  if (!stage) return {};
  const { schedule, optimizer, batching, loss } = stage;
  const onPairs = dataOfStage(stage) === 'pairs';
  return {
    schedule: schedule.kind,
    warmup: schedule.warmupSteps === undefined ? schedule.warmup : `${schedule.warmupSteps} steps`,
    weightDecay: optimizer.weightDecay,
    layerDecay: optimizer.layerDecay ?? 1,
    emaDecay: stage.ema?.decay ?? 0,
    clipNorm: optimizer.clipNorm,
    beta1: optimizer.beta1,
    beta2: optimizer.beta2,
    epsilon: optimizer.epsilon,
    unit: stage.duration.unit,
    seed,
    loss: loss.kind,
    ...(loss.kind === 'inBatchInfoNce' ? infoNceValues(loss) : {}),
    ...(loss.kind === 'triplet' ? { distance: loss.distance, tripletMargin: loss.margin } : {}),
    ...(loss.kind === 'distillation'
      ? {
          teacherScores: loss.scores,
          ...(loss.scores ? {} : { teacher: loss.teacher?.contentSha256 }),
          teacherTemperature: loss.teacherTemperature,
        }
      : {}),
    dropout: stage.dropout,
    ...(onPairs ? { negatives: stage.negatives?.from ?? 'inBatch' } : {}),
    precision: stage.precision ?? 'full',
    devEverySteps: evaluation.devEverySteps,
    devTimeShare: evaluation.devTimeShare ?? 0,
    patience: evaluation.earlyStop?.patience ?? 0,
    checkpoint: evaluation.checkpoint,
    ...(batching.kind === 'seeded' ? { accumulation: batching.accumulation ?? 1 } : {}),
    ...(batching.kind === 'seeded' && onPairs ? { avoidDuplicates: batching.avoidDuplicatePassages } : {}),
  };
}

function infoNceValues(loss: InfoNceSettings): Record<string, unknown> {
  const { directions, softmax, sameSide, hardness, falseNegatives, matryoshka, inBatchNegatives } = loss;
  const { known, byScore } = falseNegatives ?? {};
  return {
    directions,
    ...(directions === 'both' && !sameSide ? { softmax } : {}),
    sameSide,
    inBatchNegatives,
    hardness: hardness && `${hardness.mode} ${hardness.strength}`,
    knownAnswers: known,
    byScore: byScore && `${byScore.kind} ${byScore.margin} ${byScore.model?.contentSha256 ?? ''}`,
    matryoshka: matryoshka && prefixText(matryoshka),
  };
}

/** Counts the advanced settings, and how many of them differ from the defaults. */
export function countAdvanced(experiment: Experiment, stageIndex = 0): { all: number; changed: number } {
  const values = advancedValues(experiment, stageIndex);
  const usual = advancedValues(defaultExperiment());
  const names = Object.keys(values);
  return { all: names.length, changed: names.filter((name) => values[name] !== usual[name]).length };
}
