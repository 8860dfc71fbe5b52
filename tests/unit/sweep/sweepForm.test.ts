import { describe, expect, it } from 'vitest';
import { defaultExperiment, defaultStage } from '../../../src/domain/experiment';
import { runCount } from '../../../src/domain/sweep/sweep';
import { axesOf, lastRunMs, readNumbers, type SweepForm } from '../../../src/domain/sweep/sweepForm';
import { lossOfKind } from '../../../src/domain/train/lossSchema';
import { runRecord } from '../storage/support';

const base = defaultExperiment();
const none: SweepForm = {
  numbers: { learningRate: [], temperature: [], batchSize: [], seed: [] },
  strategies: [],
  negatives: [],
};
const context = { stage: 0, passages: 1000, size: 'tiny' as const };

describe('the values typed into the form', () => {
  it('are numbers separated by commas of either language, each once', () => {
    expect(readNumbers('0.02, 0.05，5e-2、0.1', 'temperature')).toEqual([0.02, 0.05, 0.1]);
    expect(readNumbers('', 'seed')).toEqual([]);
  });

  it.each([
    ['0', 'temperature'],
    ['1.5', 'seed'],
    ['8, x', 'batchSize'],
    ['2', 'learningRate'],
    ['-1', 'seed'],
    ['1e999', 'batchSize'],
  ] as const)('can’t be out of range: %s as %s', (text, axis) => {
    expect(readNumbers(text, axis)).toBeNull();
  });
});

describe('the sweep of the form', () => {
  it('is null if nothing is varied', () => {
    expect(axesOf(none, base, context)).toBeNull();
  });

  it('varies strategies with the learning rate that suits each, and the seed last', () => {
    const form = { ...none, strategies: ['full', 'bitFit'] as const, numbers: { ...none.numbers, seed: [1, 2] } };
    const found = axesOf({ ...form, strategies: [...form.strategies] }, base, context);
    if (!found || !('axes' in found)) throw new Error('refused');
    expect(found.axes.map(({ setting }) => setting)).toEqual(['stages', 'seed']);
    expect(runCount(found.axes)).toBe(4);
    const [full, bitFit] = found.axes[0]?.values as { optimizer: { learningRate: number } }[][];
    expect(full?.[0]?.optimizer.learningRate).toBe(2e-4);
    expect(bitFit?.[0]?.optimizer.learningRate).toBe(1e-3);
  });

  it('keeps the settings of the negatives that the stage has, and gives others their defaults', () => {
    const negatives = { from: 'random' as const, perAnchor: 3 };
    const experiment = { ...base, stages: [{ ...defaultStage(), negatives }] };
    const found = axesOf({ ...none, negatives: ['inBatch', 'random', 'mined'] }, experiment, context);
    expect(found).toMatchObject({
      axes: [{ setting: 'negatives', values: [null, negatives, { from: 'mined', perAnchor: 3, firstRank: 30 }] }],
    });
  });

  it('varies the chosen stage, and is refused if a strategy has no such stage', () => {
    const two = { ...base, stages: [defaultStage(), defaultStage()] };
    const numbers = { ...none.numbers, temperature: [0.02, 0.05] };
    expect(axesOf({ ...none, numbers }, two, { ...context, stage: 1 })).toMatchObject({ axes: [{ stage: 1 }] });
    const form: SweepForm = { ...none, numbers, strategies: ['full', 'bitFit'] };
    const found = axesOf(form, two, { ...context, stage: 1 });
    expect(found).toMatchObject({ refusal: { kind: 'experiment-invalid' } });
  });
});

describe('a sweep of negatives', () => {
  const withLoss = (kind: 'triplet' | 'sigmoidPairs') => ({
    ...base,
    stages: [{ ...defaultStage(), loss: lossOfKind(kind, defaultStage().loss) }],
  });

  it('is refused if the loss can’t be computed with one of them, because the runs after it would never start', () => {
    const triplet = withLoss('triplet');
    expect(axesOf({ ...none, negatives: ['inBatch', 'random'] }, triplet, context)).toEqual({
      refusal: { kind: 'loss-needs-triplets', stage: 0 },
    });
    expect(axesOf({ ...none, negatives: ['random'] }, triplet, context)).toHaveProperty('axes');
    expect(axesOf({ ...none, negatives: ['inBatch', 'random'] }, withLoss('sigmoidPairs'), context)).toEqual({
      refusal: { kind: 'loss-takes-pairs', stage: 0, negatives: 1 },
    });
  });
});

describe('the estimate of a sweep', () => {
  it('is the time of the newest run that is done', () => {
    const done = { status: 'done' as const, createdAt: 1000 };
    const runs = [
      runRecord('a', 'e'),
      runRecord('b', 'e', { ...done, finishedAt: 4000 }),
      runRecord('c', 'e', { ...done, finishedAt: 9000 }),
    ];
    expect(lastRunMs(runs)).toBe(3000);
    expect(lastRunMs([runRecord('a', 'e')])).toBeNull();
  });
});
