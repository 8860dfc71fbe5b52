import type { Experiment } from '../experiment';

/** Epochs of each preset. */
export const presetEpochs = { quick: 1, standard: 2, thorough: 5 } as const;
export type PresetName = keyof typeof presetEpochs;
export const presetNames = ['quick', 'standard', 'thorough'] as const satisfies PresetName[];

/** Returns the preset that matches the experiment, or null if its duration or checkpoint is another. */
export function presetOf({ stages, evaluation }: Experiment): PresetName | null {
  const duration = stages[0]?.duration;
  if (stages.length !== 1 || duration?.unit !== 'epochs' || evaluation.checkpoint !== 'bestDev') return null;
  return presetNames.find((name) => presetEpochs[name] === duration.value) ?? null;
}

/** Returns the experiment with the duration and checkpoint of a preset. Keeps all other settings. */
export function withPreset(experiment: Experiment, name: PresetName): Experiment {
  const duration = { unit: 'epochs' as const, value: presetEpochs[name] };
  return {
    ...experiment,
    stages: experiment.stages.map((stage, index) => (index === 0 ? { ...stage, duration } : stage)),
    evaluation: { ...experiment.evaluation, checkpoint: 'bestDev' },
  };
}
