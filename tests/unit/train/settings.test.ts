import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { defaultExperiment, type Experiment, type Stage } from '../../../src/domain/experiment';
import { countAdvanced } from '../../../src/domain/train/advancedSettings';
import { infoNceSchema, temperatureOf, withLossChange } from '../../../src/domain/train/lossSchema';
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

  it('go through the pairs once, twice or five times, in the first stage only', () => {
    const experiment = defaultExperiment();
    const [stage] = experiment.stages;
    if (!stage) throw new Error('the default experiment has no stage');
    const two = { ...experiment, stages: [stage, { ...stage, dropout: 0.1 }], seed: 3 };
    for (const [name, value] of [
      ['quick', 1],
      ['standard', 2],
      ['thorough', 5],
    ] as const)
      expect(withPreset(two, name)).toEqual({
        ...two,
        stages: [{ ...stage, duration: { unit: 'epochs', value } }, two.stages[1]],
      });
    expect(
      withPreset({ ...experiment, evaluation: { ...experiment.evaluation, checkpoint: 'last' } }, 'standard'),
    ).toEqual(experiment);
    expect(presetOf(withPreset(experiment, 'thorough'))).toBe('thorough');
    expect(presetOf({ ...experiment, stages: [{ ...stage, duration: { unit: 'steps', value: 2 } }] })).toBeNull();
    expect(presetOf({ ...experiment, stages: [] })).toBeNull();
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

const withLoss = (stage: Stage, change: Parameters<typeof withLossChange>[1]): Stage => ({
  ...stage,
  loss: withLossChange(v.parse(infoNceSchema, stage.loss), change),
});

describe('the advanced settings', () => {
  it('are counted, and those that differ from the defaults are counted separately', () => {
    const experiment = defaultExperiment();
    const { all, changed } = countAdvanced(experiment);
    expect(all).toBe(28);
    expect(changed).toBe(0);
    const edited = {
      ...experiment,
      seed: 8,
      stages: experiment.stages.map((stage) => ({ ...stage, precision: 'mixed' as const })),
    };
    expect(countAdvanced(edited)).toEqual({ all: 28, changed: 2 });
  });

  it.each<[string, (experiment: Experiment, stage: Stage) => Partial<Experiment> | { stage: Stage }]>([
    ['the schedule', (_, stage) => ({ stage: { ...stage, schedule: { ...stage.schedule, kind: 'cosine' } } })],
    ['the warm-up', (_, stage) => ({ stage: { ...stage, schedule: { ...stage.schedule, warmup: 0.2 } } })],
    ['weight decay', (_, stage) => ({ stage: { ...stage, optimizer: { ...stage.optimizer, weightDecay: 0 } } })],
    ['gradient clipping', (_, stage) => ({ stage: { ...stage, optimizer: { ...stage.optimizer, clipNorm: 0 } } })],
    [
      'accumulation',
      (_, stage) => ({ stage: { ...stage, batching: { ...stage.batching, accumulation: 2 } as Stage['batching'] } }),
    ],
    ['layer decay', (_, stage) => ({ stage: { ...stage, optimizer: { ...stage.optimizer, layerDecay: 0.9 } } })],
    ['the average of the weights', (_, stage) => ({ stage: { ...stage, ema: { decay: 0.99 } } })],
    ['beta1', (_, stage) => ({ stage: { ...stage, optimizer: { ...stage.optimizer, beta1: 0.8 } } })],
    ['beta2', (_, stage) => ({ stage: { ...stage, optimizer: { ...stage.optimizer, beta2: 0.99 } } })],
    ['epsilon', (_, stage) => ({ stage: { ...stage, optimizer: { ...stage.optimizer, epsilon: 1e-6 } } })],
    ['the unit of the duration', (_, stage) => ({ stage: { ...stage, duration: { unit: 'steps', value: 2 } } })],
    [
      'the directions of the loss',
      (_, stage) => ({ stage: { ...stage, loss: { ...stage.loss, directions: 'both' } } }),
    ],
    [
      'whether equal texts may share a batch',
      (_, stage) => ({
        stage: { ...stage, batching: { kind: 'seeded', batchSize: 16, avoidDuplicatePassages: false } },
      }),
    ],
    ['dropout', (_, stage) => ({ stage: { ...stage, dropout: 'model' } })],
    ['the seed', () => ({ seed: 8 })],
    ['steps between dev evaluations', ({ evaluation }) => ({ evaluation: { ...evaluation, devEverySteps: 5 } })],
    ['the time for dev', ({ evaluation }) => ({ evaluation: { ...evaluation, devTimeShare: 0.1 } })],
    ['early stopping', ({ evaluation }) => ({ evaluation: { ...evaluation, earlyStop: { patience: 3 } } })],
    ['the kept checkpoint', ({ evaluation }) => ({ evaluation: { ...evaluation, checkpoint: 'last' } })],
    ['a term within a side', (_, stage) => ({ stage: withLoss(stage, { sameSide: 'both' }) })],
    ['hardness', (_, stage) => ({ stage: withLoss(stage, { hardness: { mode: 'inBatch', strength: 9 } }) })],
    ['the mask of known answers', (_, stage) => ({ stage: withLoss(stage, { falseNegatives: { known: true } }) })],
    [
      'the mask by score',
      (_, stage) => ({
        stage: withLoss(stage, { falseNegatives: { byScore: { kind: 'absolute', margin: 0 } } }),
      }),
    ],
    ['the dimensions', (_, stage) => ({ stage: withLoss(stage, { matryoshka: [{ dimension: 64, weight: 1 }] }) })],
  ])('count one change if only %s differs from the default', (name, change) => {
    const experiment = defaultExperiment();
    const [stage] = experiment.stages;
    if (!stage) throw new Error('the default experiment has no stage');
    const changed = change(experiment, stage);
    const edited = 'stage' in changed ? { stages: [changed.stage] } : changed;
    // With both directions, the form also asks for the softmax.
    const all = name === 'the directions of the loss' ? 29 : 28;
    expect(countAdvanced({ ...experiment, ...edited })).toEqual({ all, changed: 1 });
  });

  it('do not count the options of InfoNCE for another loss', () => {
    const experiment = defaultExperiment();
    const loss = { kind: 'sigmoidPairs' as const, temperature: 0.05 };
    const pairs = { ...experiment, stages: experiment.stages.map((stage) => ({ ...stage, loss })) };
    expect(countAdvanced(pairs)).toEqual({ all: 21, changed: 1 });
  });

  it('count the teacher and its temperature for a distillation', () => {
    const experiment = defaultExperiment();
    const counted = (loss: Stage['loss']) =>
      countAdvanced({ ...experiment, stages: experiment.stages.map((stage) => ({ ...stage, loss })) });
    const loss = { kind: 'distillation' as const, temperature: 0.05 };
    expect(counted(loss)).toEqual({ all: 24, changed: 1 });
    const teacher = { contentSha256: 'a'.repeat(64), pooling: 'mean', normalize: true, maxTokens: 64 } as const;
    const stated = { ...loss, teacher: { ...teacher, queryPrefix: '', passagePrefix: '' }, teacherTemperature: 0.1 };
    expect(counted(stated)).toEqual({ all: 24, changed: 3 });
    expect(counted({ ...loss, scores: 'imported', teacherTemperature: 1 })).toEqual({ all: 23, changed: 3 });
  });

  it('do not count duplicates in a batch if the experiment lists its batches', () => {
    const experiment = defaultExperiment();
    const batching = { kind: 'listed' as const, sha256: '0'.repeat(64) };
    const listed = { ...experiment, stages: experiment.stages.map((stage) => ({ ...stage, batching })) };
    expect(countAdvanced(listed)).toEqual({ all: 26, changed: 0 });
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
      ...{ temperature: temperatureOf(loss) ?? NaN, batchSize: batching.batchSize, warmup: schedule.warmup, seed },
      devEverySteps: evaluation.devEverySteps,
    };
    for (const [setting, value] of Object.entries(defaults)) {
      const { low, high } = settingRanges[setting as keyof typeof defaults];
      expect(value >= low && value <= high, setting).toBe(true);
    }
  });
});
