import { dataOfStage, defaultExperiment, type Experiment } from '../experiment';

/** Returns the values of the settings under "Advanced" on the train screen. */
function advancedValues({ seed, stages, evaluation }: Experiment): Record<string, unknown> {
  const stage = stages[0];
  if (!stage) return {};
  const { schedule, optimizer, batching, loss } = stage;
  return {
    schedule: schedule.kind,
    warmup: schedule.warmup,
    weightDecay: optimizer.weightDecay,
    clipNorm: optimizer.clipNorm,
    beta1: optimizer.beta1,
    beta2: optimizer.beta2,
    epsilon: optimizer.epsilon,
    unit: stage.duration.unit,
    seed,
    ...(loss.kind === 'inBatchInfoNce' ? { directions: loss.directions } : {}),
    dropout: stage.dropout,
    precision: stage.precision ?? 'full',
    devEverySteps: evaluation.devEverySteps,
    checkpoint: evaluation.checkpoint,
    ...(batching.kind === 'seeded' && dataOfStage(stage) === 'pairs'
      ? { avoidDuplicates: batching.avoidDuplicatePassages }
      : {}),
  };
}

/** Counts the advanced settings, and how many of them differ from the defaults. */
export function countAdvanced(experiment: Experiment): { all: number; changed: number } {
  const values = advancedValues(experiment);
  const usual = advancedValues(defaultExperiment());
  const names = Object.keys(values);
  return { all: names.length, changed: names.filter((name) => values[name] !== usual[name]).length };
}
