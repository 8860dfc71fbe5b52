import { describe, expect, it } from 'vitest';
import schedules from '../../fixtures/engine/schedules.json';
import { defaultExperiment, defaultStage, type Experiment } from '../../../src/domain/experiment';
import { AppError } from '../../../src/domain/errors';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { runRefusal, warmupRefusal } from '../../../src/domain/train/runRefusal';
import { learningRateAt } from '../../../src/domain/train/schedule';
import { batchesOfStep } from '../../../src/domain/train/batchingSchema';
import { trainCountsOf } from '../../../src/domain/train/pairCounts';
import { countedSteps } from '../../../src/domain/train/countedSteps';
import { planBatches } from '../../../src/domain/train/planBatches';
import { layersAbove, optimizerFloats } from '../../../src/domain/train/trainedParameters';
import { withWarmupUnit } from '../../../src/domain/train/scheduleSchema';
import { refuseLongWarmup } from '../../../workers/services/train/refuseRun';

const withSchedule = (schedule: object): Experiment => parseExperiment({ stages: [{ schedule }] });
const scheduleOf = ({ stages }: Experiment): unknown => stages[0]?.schedule;
function fault(schedule: object): unknown {
  try {
    return scheduleOf(withSchedule(schedule));
  } catch (thrown) {
    return thrown instanceof AppError && thrown.details;
  }
}

describe('layer-wise decay of the learning rate', () => {
  const withDecay = (layerDecay: number): Experiment => parseExperiment({ stages: [{ optimizer: { layerDecay } }] });

  it('is kept in version 2, and dropped if it is 1', () => {
    const experiment = withDecay(0.9);
    expect(experiment.schemaVersion).toBe(2);
    expect(experiment.stages[0]?.optimizer).toEqual({ ...defaultStage().optimizer, layerDecay: 0.9 });
    expect(parseExperiment(experiment)).toEqual(experiment);
    expect(withDecay(1)).toEqual(defaultExperiment());
  });

  it.each([0, 1.1])('is rejected with its path if it is %f', (layerDecay) => {
    expect(() => withDecay(layerDecay)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ path: 'stages.0.optimizer.layerDecay' }) }),
    );
  });

  it('counts the layers above a parameter: all of them above the embeddings', () => {
    const names = [
      'embeddings.LayerNorm.bias',
      'encoder.layer.0.output.dense.bias',
      'encoder.layer.11.output.dense.bias',
    ];
    expect(names.map((name) => layersAbove(name, 12))).toEqual([12, 11, 0]);
  });
});

describe('an average of the weights', () => {
  const withEma = (ema: unknown): Experiment => parseExperiment({ stages: [{ ema }] });

  it('is kept in version 2, and dropped if its decay is 0', () => {
    const experiment = withEma({ decay: 0.99 });
    expect(experiment.schemaVersion).toBe(2);
    expect(experiment.stages[0]).toEqual({ ...defaultStage(), ema: { decay: 0.99 } });
    expect(parseExperiment(experiment)).toEqual(experiment);
    expect(withEma({ decay: 0 })).toEqual(defaultExperiment());
  });

  it.each([
    [{ decay: -0.1 }, 'ema.decay'],
    [{ decay: 1 }, 'ema.decay'],
    [{}, 'ema.decay'],
    [{ decay: 0.9, steps: 3 }, 'ema.steps'],
  ])('is rejected with its path if it makes no sense: %j', (ema, name) => {
    expect(() => withEma(ema)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ path: `stages.0.${name}` }) }),
    );
  });

  it('counts as a third table of the optimizer in checkpoints', () => {
    const tensors = ['encoder.layer.0.output.dense.weight', 'encoder.layer.0.output.dense.bias'].map((name, i) => ({
      name,
      shape: [10],
      offset: 10 * i,
      length: 10,
    }));
    const model = { tensors, totalFloats: 20 };
    const biases = { ...defaultStage(), strategy: { kind: 'bitFit' as const, keywords: ['bias'] } };
    expect(optimizerFloats(model, [defaultStage()])).toBe(40);
    expect(optimizerFloats(model, [{ ...defaultStage(), ema: { decay: 0.9 } }])).toBe(60);
    expect(optimizerFloats(model, [biases, { ...biases, ema: { decay: 0.9 } }])).toBe(30);
  });
});

describe('gradient accumulation', () => {
  const batching = { kind: 'seeded', batchSize: 4, avoidDuplicatePassages: true } as const;
  const withBatching = (given: object): Experiment => parseExperiment({ stages: [{ batching: given }] });
  const twice = { ...batching, accumulation: 2 };

  it('is kept in version 2, and dropped if it is 1', () => {
    const experiment = withBatching(twice);
    expect(experiment.schemaVersion).toBe(2);
    expect(experiment.stages[0]?.batching).toEqual(twice);
    expect(parseExperiment(experiment)).toEqual(experiment);
    expect(withBatching({ accumulation: 1 })).toEqual(defaultExperiment());
  });

  it.each([
    [{ accumulation: 0 }, 'accumulation'],
    [{ accumulation: 1.5 }, 'accumulation'],
    [{ accumulation: 1025 }, 'accumulation'],
    [{ kind: 'listed', sha256: '0'.repeat(64), accumulation: 2 }, 'accumulation'],
  ])('is rejected with its path if it makes no sense: %j', (given, name) => {
    expect(() => withBatching(given)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ path: `stages.0.batching.${name}` }) }),
    );
  });

  it('plans steps of several batches, none of which has a text twice', () => {
    const pairs = Array.from({ length: 40 }, (_, i) => ({ id: `${i}`, anchor: `a${i}`, positive: `p${i % 8}` }));
    const duration = { unit: 'epochs', value: 1 } as const;
    const { batches, leftOut } = planBatches({ pairs, stage: { batching: twice, duration }, stageIndex: 0, seed: 3 });
    expect(batches).toHaveLength(Math.floor((40 - (leftOut[0] ?? 0)) / 8));
    for (const step of batches) {
      const small = batchesOfStep(step, twice);
      expect(small.map(({ length }) => length)).toEqual([4, 4]);
      expect(small.flat()).toEqual(step);
      for (const rows of small) expect(new Set(rows.map((row) => pairs[row]?.positive)).size).toBe(4);
    }
    const counts = trainCountsOf({ train: 40, trainPassages: 40, trainAnchors: 40, scored: 0 });
    expect(countedSteps([{ batching: twice, duration }], counts)).toEqual({ steps: 5, atMost: false });
  });

  it('leaves a step of one batch, and one of a batch list, in one piece', () => {
    expect(batchesOfStep([3, 1, 2, 0, 5], batching)).toEqual([[3, 1, 2, 0, 5]]);
    expect(batchesOfStep([3, 1], { kind: 'listed', sha256: '' })).toEqual([[3, 1]]);
    expect(batchesOfStep([], twice)).toEqual([[]]);
  });
});

describe('a warm-up of a number of steps', () => {
  const { peak, steps, warmupSteps } = schedules.warmup;
  it.each(['linear', 'cosine', 'constant'] as const)(
    'gives the %s schedule the rates of transformers, with the warm-up one step higher',
    (kind) => {
      const theirs = schedules.warmup.rates[kind];
      const ours = theirs.map((_, step) => learningRateAt(step, steps, { kind, warmup: 0, warmupSteps }, peak));
      const expected = theirs.map((rate, step) => (step < warmupSteps ? (theirs[step + 1] ?? NaN) : rate));
      ours.forEach((rate, step) => expect(rate).toBeCloseTo(expected[step] ?? NaN, 15));
    },
  );

  it('is stated in version 2, without a share, and leaves the canonical form unchanged when parsed again', () => {
    const experiment = withSchedule({ warmupSteps: 30 });
    expect(experiment.schemaVersion).toBe(2);
    expect(scheduleOf(experiment)).toEqual({ kind: 'linear', warmup: 0, warmupSteps: 30 });
    expect(parseExperiment(experiment)).toEqual(experiment);
    expect(withSchedule({ kind: 'linear' })).toEqual(defaultExperiment());
  });

  it.each([
    [{ warmupSteps: 0 }, 'warmupSteps'],
    [{ warmupSteps: 2.5 }, 'warmupSteps'],
    [{ warmupSteps: 30, warmup: 0.1 }, 'warmup'],
  ])('is rejected with its path if it makes no sense: %j', (schedule, name) => {
    expect(fault(schedule)).toMatchObject({ kind: 'experiment-invalid', path: `stages.0.schedule.${name}` });
  });

  it('is refused only if it has more steps than its stage', () => {
    const stage = defaultStage();
    const second = { ...stage, schedule: { kind: 'linear' as const, warmup: 0, warmupSteps: 12 } };
    const experiment = { ...defaultExperiment(), stages: [stage, second] };
    expect(warmupRefusal(experiment, [3, 12])).toBeNull();
    expect(warmupRefusal(experiment, [3, null])).toBeNull();
    const details = { kind: 'warmup-too-long', stage: 1, warmup: 12, steps: 11 };
    expect(warmupRefusal(experiment, [3, 11])).toEqual(details);
    const plan = (steps: number) => ({ batches: new Array<number[]>(steps).fill([0]), leftOut: [] });
    expect(() => refuseLongWarmup(experiment, [plan(3), plan(11)])).toThrow(expect.objectContaining({ details }));
    // Two epochs of 88 pairs fill 11 batches of 16.
    const pairs = (count: number) =>
      trainCountsOf({ train: count, trainPassages: count, trainAnchors: count, scored: 0 });
    expect(runRefusal(experiment, pairs(88), 1)).toEqual(details);
    expect(runRefusal(experiment, pairs(96), 1)).toBeNull();
  });

  it('is chosen in the form instead of a share, and given up for the usual share', () => {
    const counted = withWarmupUnit({ kind: 'cosine', warmup: 0.3 }, 'warmupCount');
    expect(counted).toEqual({ kind: 'cosine', warmup: 0, warmupSteps: 100 });
    expect(withWarmupUnit(counted, 'warmupShare')).toEqual({ kind: 'cosine', warmup: 0.1 });
    expect(withWarmupUnit({ kind: 'linear', warmup: 0.3 }, 'warmupShare')).toEqual({ kind: 'linear', warmup: 0.3 });
  });
});
