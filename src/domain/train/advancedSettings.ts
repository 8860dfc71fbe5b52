import { prefixText } from './prefixList';
import { defaultExperiment, type Experiment } from '../experiment';

/** Returns the values of a stage's settings under "Advanced" on the train screen. */
function advancedValues({ seed, stages, evaluation }: Experiment, stageIndex = 0): Record<string, unknown> {
  const stage = stages[stageIndex];
  if (!stage) return {};
  const { schedule, optimizer, batching, loss } = stage;
  return {
    schedule: schedule.kind,
    warmup: schedule.warmupSteps === undefined ? schedule.warmup : `${schedule.warmupSteps} steps`,
    weightDecay: optimizer.weightDecay,
    clipNorm: optimizer.clipNorm,
    beta1: optimizer.beta1,
    beta2: optimizer.beta2,
    epsilon: optimizer.epsilon,
    unit: stage.duration.unit,
    seed,
    directions: loss.directions,
    ...(loss.directions === 'both' && !loss.sameSide ? { softmax: loss.softmax } : {}),
    sameSide: loss.sameSide,
    hardness: loss.hardness && `${loss.hardness.mode} ${loss.hardness.strength}`,
    knownAnswers: loss.falseNegatives?.known,
    byScore:
      loss.falseNegatives?.byScore && `${loss.falseNegatives.byScore.kind} ${loss.falseNegatives.byScore.margin}`,
    matryoshka: loss.matryoshka && prefixText(loss.matryoshka),
    dropout: stage.dropout,
    precision: stage.precision ?? 'full',
    devEverySteps: evaluation.devEverySteps,
    checkpoint: evaluation.checkpoint,
    ...(batching.kind === 'seeded' ? { avoidDuplicates: batching.avoidDuplicatePassages } : {}),
  };
}

/** Counts the advanced settings, and how many of them differ from the defaults. */
export function countAdvanced(experiment: Experiment, stageIndex = 0): { all: number; changed: number } {
  const values = advancedValues(experiment, stageIndex);
  const usual = advancedValues(defaultExperiment());
  const names = Object.keys(values);
  return { all: names.length, changed: names.filter((name) => values[name] !== usual[name]).length };
}
