import { describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage, type Experiment, type Stage } from '../../../src/domain/experiment';
import { experimentDifferences } from '../../../src/domain/train/experimentDifferences';
import { en } from '../../../src/ui/i18n/en';
import { zh } from '../../../src/ui/i18n/zh';
import { differenceText } from '../../../src/ui/train/differenceText';
import { settingsText } from '../../../src/ui/train/stageText';

const one = defaultExperiment();
const withStage = (change: Partial<Stage>): Experiment => ({ ...one, stages: [{ ...defaultStage(), ...change }] });
const paths = (first: Experiment, second: Experiment): string[] =>
  experimentDifferences(first, second).map(({ path }) => path);
const inWords = (first: Experiment, second: Experiment, t = en) =>
  experimentDifferences(first, second).map((difference) => {
    const { label, values } = differenceText(t, difference, Math.max(first.stages.length, second.stages.length));
    return [label, ...values].join(' | ');
  });

describe('the differences between two experiments', () => {
  it('are an empty list if the experiments are equal', () => {
    expect(experimentDifferences(one, defaultExperiment())).toEqual([]);
  });

  it('name each setting with both values', () => {
    const optimizer = { ...defaultStage().optimizer, learningRate: 1e-5 };
    expect(experimentDifferences(one, { ...withStage({ optimizer }), seed: 8 })).toEqual([
      { path: 'seed', values: [7, 8] },
      { path: 'stages.0.optimizer.learningRate', values: [2e-4, 1e-5] },
    ]);
  });

  it('are one for a part of another kind, and leave out the schema version', () => {
    const lora = withStage({ strategy: { kind: 'lora', rank: 8, alpha: 16, dropout: 0, matrices: ['query'] } });
    expect(paths(one, { ...lora, schemaVersion: 2 })).toEqual(['stages.0.strategy']);
    const random = withStage({ negatives: { from: 'random', perAnchor: 2 } });
    const imported = withStage({ negatives: { from: 'imported', perAnchor: 3 } });
    expect(paths(random, imported)).toEqual(['stages.0.negatives']);
    expect(paths(one, withStage({ duration: { unit: 'steps', value: 9 } }))).toEqual(['stages.0.duration']);
  });

  it('include a setting that only one states, and a stage that only one has', () => {
    expect(paths(one, withStage({ precision: 'mixed' }))).toEqual(['stages.0.precision']);
    expect(paths({ ...one, stages: [...one.stages, defaultStage()] }, one)).toEqual(['stages.1']);
  });

  it('compare data sets by their place, whatever their order', () => {
    const pairs = { role: 'pairs' as const, contentSha256: 'a'.repeat(64) };
    const test = { role: 'questions' as const, part: 'test' as const, contentSha256: 'b'.repeat(64) };
    const first = { ...one, data: [pairs, test] };
    expect(paths(first, { ...one, data: [test, pairs] })).toEqual([]);
    expect(paths(first, { ...one, data: [test, { ...pairs, contentSha256: 'c'.repeat(64) }] })).toEqual([
      'data.pairs.contentSha256',
    ]);
  });
});

describe('the differences in words', () => {
  it('use the labels and the words of the form, in both languages', () => {
    const loss = {
      ...defaultStage().loss,
      temperature: 0.02,
      directions: 'both' as const,
      kind: 'inBatchInfoNce' as const,
    };
    const changed = withStage({
      loss,
      strategy: { kind: 'bitFit', keywords: ['bias'] },
      duration: { unit: 'steps', value: 9 },
    });
    expect(inWords(one, changed)).toEqual([
      'Strategy | Full | BitFit',
      'Temperature τ | 0.05 | 0.02',
      'Directions | question → passage | both ways',
      'Duration | 2 epochs | 9 steps',
    ]);
    expect(inWords(one, changed, zh)).toEqual([
      '训练方式 | 全参数 | BitFit',
      '温度 τ | 0.05 | 0.02',
      '方向 | 问题 → 段落 | 双向',
      '训练时长 | 2 轮 | 9 步',
    ]);
  });

  it('state both durations with their unit', () => {
    const lasting = (value: number) => withStage({ duration: { unit: 'epochs', value } });
    expect(inWords(lasting(1), lasting(3))).toEqual(['Duration | 1 epoch | 3 epochs']);
  });

  it('name scored pairs, triplet settings and the average of the weights as the form does', () => {
    const scored = (digit: string) => [{ role: 'scoredPairs' as const, contentSha256: digit.repeat(64) }];
    expect(inWords({ ...one, data: scored('a') }, { ...one, data: scored('b') })).toEqual([
      `${en.import.slots.scoredPairs.name} | aaaaaaaaaaaa | bbbbbbbbbbbb`,
    ]);
    const triplet = (distance: 'cosine' | 'euclidean', margin: number) =>
      withStage({ loss: { kind: 'triplet', distance, margin } });
    expect(inWords(triplet('cosine', 0.2), triplet('euclidean', 5))).toEqual([
      'Distance | 1 − cosine | Euclidean',
      'Margin | 0.2 | 5',
    ]);
    expect(inWords(one, withStage({ ema: { decay: 0.99 } }))).toEqual(['Average of the weights (EMA) | – | 0.99']);
    const cosent = withStage({ data: 'scoredPairs', loss: { kind: 'cosent', temperature: 0.05 } });
    expect(inWords(one, cosent)).toContain('Train on | – | scored pairs');
  });

  it('name the teacher of a distillation and its temperature', () => {
    const settings = { pooling: 'mean', normalize: true, maxTokens: 64, queryPrefix: '', passagePrefix: '' } as const;
    const taught = (digit: string, teacherTemperature?: number) =>
      withStage({
        loss: {
          ...{ kind: 'distillation', temperature: 0.05, teacher: { contentSha256: digit.repeat(64), ...settings } },
          ...(teacherTemperature === undefined ? {} : { teacherTemperature }),
        } as const,
      });
    expect(inWords(taught('a'), taught('b', 0.1))).toEqual([
      'Teacher model | aaaaaaaaaaaa | bbbbbbbbbbbb',
      'Teacher’s temperature | – | 0.1',
    ]);
  });

  it('name the stage if there are several, and describe one that the other lacks', () => {
    const second = { ...defaultStage(), dropout: 'model' as const };
    const two = { ...one, stages: [defaultStage(), second] };
    expect(inWords(two, { ...two, stages: [defaultStage(), { ...second, dropout: 0.1 }] })).toEqual([
      'Stage 2 · Dropout | as in the model | 0.1',
    ]);
    expect(inWords(one, two)).toEqual(['Stage 2 | – | Full · 2 epochs · in-batch InfoNCE']);
  });

  it('show hashes by their start, lists by their members, and a setting without a label by its path', () => {
    const pairs = (digit: string) => [{ role: 'pairs' as const, contentSha256: digit.repeat(64) }];
    expect(inWords({ ...one, data: pairs('a') }, { ...one, data: pairs('b') })).toEqual([
      'Training pairs | aaaaaaaaaaaa | bbbbbbbbbbbb',
    ]);
    const ks = { ...one, evaluation: { ...one.evaluation, ks: [1, 20] } };
    expect(inWords(one, ks)).toEqual(['Values of k in the report | 1, 3, 5, 10 | 1, 20']);
    const odd = { ...one, split: { ...one.split, future: true } } as Experiment;
    expect(inWords(one, odd)).toEqual(['split.future | – | yes']);
  });
});

describe('the settings of a run in the list', () => {
  it('are the main ones of a single stage, and the seed of several', () => {
    expect(settingsText(en, one)).toBe(
      'Learning rate 2e-4 · Temperature τ 0.05 · Batch size 16 · 2 epochs · Random seed 7',
    );
    expect(settingsText(en, { ...one, stages: [defaultStage(), defaultStage()] })).toBe('Random seed 7');
  });
});
