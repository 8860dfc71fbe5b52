import { describe, expect, it } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import { countAdvanced } from '../../../src/domain/train/advancedSettings';
import { settingRanges } from '../../../src/domain/train/settingRanges';
import { presetOf, withPreset } from '../../../src/domain/train/presets';

describe('the presets of the train stage', () => {
  it('start at standard and change only duration and checkpoint', () => {
    const experiment = defaultExperiment();
    expect(presetOf(experiment)).toBe('standard');
    const quick = withPreset(experiment, 'quick');
    expect(presetOf(quick)).toBe('quick');
    expect(quick.stages[0]?.duration).toEqual({ unit: 'epochs', value: 1 });
    expect(withPreset(quick, 'standard')).toEqual(experiment);
  });

  it('do not include a duration or checkpoint of the user’s own', () => {
    const experiment = defaultExperiment();
    const [stage] = experiment.stages;
    if (!stage) throw new Error('the default experiment has no stage');
    expect(presetOf({ ...experiment, stages: [{ ...stage, duration: { unit: 'epochs', value: 3 } }] })).toBeNull();
    expect(presetOf({ ...experiment, evaluation: { ...experiment.evaluation, checkpoint: 'last' } })).toBeNull();
    expect(presetOf({ ...experiment, stages: [stage, stage] })).toBeNull();
  });
});

describe('the advanced settings', () => {
  it('are counted, and those that differ from the defaults are counted separately', () => {
    const experiment = defaultExperiment();
    const { all, changed } = countAdvanced(experiment);
    expect(all).toBe(16);
    expect(changed).toBe(0);
    const edited = {
      ...experiment,
      seed: 8,
      stages: experiment.stages.map((stage) => ({ ...stage, precision: 'mixed' as const })),
    };
    expect(countAdvanced(edited)).toEqual({ all: 16, changed: 2 });
  });

  it('do not count duplicates in a batch if the experiment lists its batches', () => {
    const experiment = defaultExperiment();
    const batching = { kind: 'listed' as const, sha256: '0'.repeat(64) };
    const listed = { ...experiment, stages: experiment.stages.map((stage) => ({ ...stage, batching })) };
    expect(countAdvanced(listed)).toEqual({ all: 15, changed: 0 });
  });
});

describe('the ranges of the number fields', () => {
  it('include every default', () => {
    const { stages, seed, evaluation } = defaultExperiment();
    const [stage] = stages;
    if (stage?.batching.kind !== 'seeded') throw new Error('no seeded stage');
    const { optimizer, loss, batching, schedule } = stage;
    const { learningRate, weightDecay, clipNorm, beta1, beta2, epsilon } = optimizer;
    const defaults = {
      ...{ learningRate, weightDecay, clipNorm, beta1, beta2, epsilon },
      ...{ temperature: loss.temperature, batchSize: batching.batchSize, warmup: schedule.warmup, seed },
      devEverySteps: evaluation.devEverySteps,
    };
    for (const [setting, value] of Object.entries(defaults)) {
      const { low, high } = settingRanges[setting as keyof typeof defaults];
      expect(value >= low && value <= high, setting).toBe(true);
    }
  });
});
