import 'fake-indexeddb/auto';
import { describe, expect, it, vi } from 'vitest';
import { defaultStage } from '../../src/domain/experiment';
import { learningRateAt } from '../../src/domain/train/schedule';
import { getEvaluation } from '../../src/storage/evaluations';
import { readEvents } from '../../src/storage/runEvents';
import { Trainer } from '../../workers/engine/trainer';
import { carriedOut } from './losingRun';

describe('a run whose device is lost', () => {
  it('resumes in the middle of a stage with the weights and both moments that a pause stored', async () => {
    const undisturbed = await carriedOut(() => false);
    const disturbed = await carriedOut(
      (phase, call) => phase === 'train' && [5, 11].includes(call),
      {},
      { pauses: (phase, call) => phase === 'train' && [3, 9].includes(call) },
    );
    expect([disturbed.failure, disturbed.lost]).toEqual([undefined, 2]);
    expect(disturbed.result).toEqual(undisturbed.result);
    const steps = (await readEvents(disturbed.db, disturbed.record?.runId ?? '')).flatMap((event) =>
      event.type === 'step' ? [event.step] : [],
    );
    // The run resumes from the checkpoints of the pauses: after step 3 in the first stage and step 7 in the second.
    expect(steps).toEqual([1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12]);
  });
});

describe('a run of two stages', () => {
  it('starts the schedule, the bias corrections and the random numbers of each stage at its first step', async () => {
    const steps = vi.spyOn(Trainer.prototype, 'begin');
    const schedule = { kind: 'linear', warmup: 0.5 } as const;
    const { failure } = await carriedOut(() => false, {}, { stage: { schedule } });
    expect(failure).toBeUndefined();
    const given = steps.mock.calls.map(([, learningRate, step]) => ({ learningRate, step }));
    const peak = defaultStage().optimizer.learningRate;
    const stage = [1, 2, 3, 4, 5, 6].map((step, i) => ({ learningRate: learningRateAt(i, 6, schedule, peak), step }));
    expect(given).toEqual([...stage, ...stage]);
    steps.mockRestore();
  });
});

describe('a run that keeps the best weights on dev', () => {
  it('evaluates after training with those weights, even if the last ones are worse', async () => {
    const optimizer = { ...defaultStage().optimizer, learningRate: 0.05 };
    const evaluation = { devEverySteps: 1, checkpoint: 'bestDev', primary: 'mrrAt10' } as const;
    const { result, record, db } = await carriedOut(() => false, evaluation, { stage: { optimizer }, passages: 50 });
    const best = result.keptStep ?? NaN;
    const [kept, last] = [result.dev.get(best), result.dev.get(12)];
    expect(best).toBeLessThan(12);
    expect(kept?.mrrAt10).toBeGreaterThan(last?.mrrAt10 ?? NaN);
    const evaluated = (await getEvaluation(db, record?.runId ?? '', 'dev', 'after'))?.metrics;
    expect(evaluated).toEqual(kept);
  });
});

describe('a run whose loss has options', () => {
  it('ends with the same weights when it is repeated, and with other weights than a run without options', async () => {
    const loss = {
      ...defaultStage().loss,
      ...({ directions: 'both', softmax: 'joint', sameSide: 'both', falseNegatives: { known: true } } as const),
      hardness: { mode: 'inBatch' as const, strength: 3 },
    };
    const [first, second] = [
      await carriedOut(() => false, {}, { stage: { loss } }),
      await carriedOut(() => false, {}, { stage: { loss } }),
    ];
    expect(first.failure).toBeUndefined();
    expect(second.result).toEqual(first.result);
    const plain = await carriedOut(() => false);
    expect(plain.result.weights).not.toBe(first.result.weights);
  });
});
