import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../../../src/domain/experiment';
import { applyFix } from '../../../../src/domain/train/doctor/applyFix';
import type { Fix } from '../../../../src/domain/train/doctor/finding';
import { batchOf, experimentWith } from './patient';

const listed = { batching: { kind: 'listed', sha256: '0'.repeat(64) } } as const;
const fixed = (experiment: Experiment, fix: Fix, stage?: number): Experiment =>
  applyFix(experiment, { fix, ...(stage === undefined ? {} : { stage }) });

describe('the fix of a finding', () => {
  it('leaves the experiment as it is if there is none', () => {
    const experiment = experimentWith();
    expect(applyFix(experiment, {})).toBe(experiment);
  });

  it('changes one setting of the model and keeps the others', () => {
    const experiment = experimentWith();
    const { model } = experiment;
    expect(fixed(experiment, { setting: 'pooling', value: 'cls' })).toEqual({
      ...experiment,
      model: { ...model, pooling: 'cls' },
    });
    expect(fixed(experiment, { setting: 'maxTokens', value: 64 })).toEqual({
      ...experiment,
      model: { ...model, maxTokens: 64 },
    });
    const prefixes = { queryPrefix: '问：', passagePrefix: '答：' };
    expect(fixed(experiment, { setting: 'prefixes', ...prefixes })).toEqual({
      ...experiment,
      model: { ...model, ...prefixes },
    });
  });

  it('adds no model to an experiment that has none', () => {
    const experiment = { ...experimentWith(), model: null };
    for (const fix of [
      { setting: 'pooling', value: 'cls' },
      { setting: 'maxTokens', value: 64 },
      { setting: 'prefixes', queryPrefix: '', passagePrefix: '' },
    ] as const)
      expect(fixed(experiment, fix).model, fix.setting).toBeNull();
  });

  it('limits the time for dev evaluations and keeps the other settings of the evaluation', () => {
    const experiment = experimentWith();
    expect(fixed(experiment, { setting: 'devTimeShare', value: 0.1 })).toEqual({
      ...experiment,
      evaluation: { ...experiment.evaluation, devTimeShare: 0.1 },
    });
  });

  it('changes one setting of seeded batches and keeps the others', () => {
    const experiment = experimentWith(batchOf(16, false));
    expect(fixed(experiment, { setting: 'avoidDuplicates' }).stages[0]?.batching).toEqual(batchOf(16, true).batching);
    expect(fixed(experiment, { setting: 'batchSize', value: 32 }).stages[0]?.batching).toEqual(
      batchOf(32, false).batching,
    );
  });

  it('leaves batches that follow a list as they are', () => {
    const experiment = experimentWith(listed);
    expect(fixed(experiment, { setting: 'batchSize', value: 32 })).toEqual(experiment);
    expect(fixed(experiment, { setting: 'avoidDuplicates' })).toEqual(experiment);
  });

  it('sets a margin for mined negatives only', () => {
    const margin = { setting: 'negativesMargin', value: 0.05 } as const;
    const random = experimentWith({ negatives: { from: 'random', perAnchor: 1 } });
    expect(fixed(random, margin)).toEqual(random);
    expect(fixed(experimentWith(), margin)).toEqual(experimentWith());
  });

  it('changes the first stage if the finding names none', () => {
    const two = experimentWith(batchOf(8), batchOf(8));
    const sizes = (experiment: Experiment): unknown[] => experiment.stages.map(({ batching }) => batching);
    const fix = { setting: 'batchSize', value: 32 } as const;
    expect(sizes(fixed(two, fix))).toEqual([batchOf(32).batching, batchOf(8).batching]);
    expect(sizes(fixed(two, fix, 1))).toEqual([batchOf(8).batching, batchOf(32).batching]);
  });
});
