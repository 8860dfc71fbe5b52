import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultStage } from '../../../src/domain/experiment';
import type { StepBatch } from '../../../workers/engine/losses/loss';
import { StageSteps, type StageOfRun } from '../../../workers/services/train/stageSteps';

let now = 0;
beforeEach(() => {
  now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => void vi.restoreAllMocks());

/** Token sets of four texts. Text i has i + 1 tokens, each of them i, or i + 10 among the positives. */
const tokens = (base: number) => ({
  ids: Int32Array.of(0, 1, 1, 2, 2, 2, 3, 3, 3, 3).map((id) => id + base),
  offsets: Uint32Array.of(0, 1, 3, 6, 10),
});

/** Steps of a stage that begins after two steps of the run, on a trainer that computes nothing. */
function steps(changes: Partial<StageOfRun> = {}, from = 2) {
  const begun: unknown[] = [];
  const logged: object[] = [];
  const state = { step: from, loop: { bestDev: null, bestStep: null, elapsedMs: 5 } };
  const trainer: { lossScale?: object; begin: unknown; finish: () => Promise<object> } = {
    begin: ({ anchors, candidates }: StepBatch, rate: number, step: number) =>
      begun.push([[...anchors.ids], [...candidates.ids], rate, step]),
    finish: () => Promise.resolve({ loss: begun.length }),
  };
  const stage = { ...defaultStage(), schedule: { kind: 'linear', warmup: 0 } } as const;
  const session = {
    experiment: { seed: 1, stages: [defaultStage(), stage] },
    tokens: { anchors: tokens(0), positives: tokens(10) },
    negatives: [null, null],
    data: { pairs: [1, 2, 3, 4] },
    engine: { pool: { totalBytes: 64 } },
    log: { append: (event: object) => logged.push(event), settle: vi.fn(() => Promise.resolve()) },
  };
  const batches = [[3, 0], [1, 2], [0]];
  const of = { stage, stageIndex: 1, batches, leftOut: [], begin: 2, ...changes };
  return {
    steps: new StageSteps(session as never, state as never, trainer as never, of),
    ...{ begun, logged, state, trainer, session, peak: stage.optimizer.learningRate },
  };
}

describe('the steps of a stage', () => {
  it('train on the texts of their batches, at the learning rates of the schedule', () => {
    const { steps: stage, begun, peak } = steps();
    for (let i = 0; i < 3; i++) stage.begin();
    expect(begun).toEqual([
      [[3, 3, 3, 3, 0], [13, 13, 13, 13, 10], peak, 1],
      [[1, 1, 2, 2, 2], [11, 11, 12, 12, 12], peak * (2 / 3), 2],
      [[0], [10], peak / 3, 3],
    ]);
  });

  it('give the trainer the batches whose gradients a step accumulates', () => {
    const { steps: stage, trainer } = steps();
    const begin = vi.fn<(first: StepBatch, rate: number, step: number, further: StepBatch[]) => void>();
    trainer.begin = begin;
    const batching = { kind: 'seeded', batchSize: 1, avoidDuplicatePassages: true, accumulation: 2 } as const;
    const accumulating = steps({ stage: { ...defaultStage(), batching } });
    accumulating.trainer.begin = begin;
    stage.begin();
    accumulating.steps.begin();
    const anchors = begin.mock.calls.map(([first, , , further]) =>
      [first, ...further].map((batch) => [...batch.anchors.ids]),
    );
    expect(anchors).toEqual([[[3, 3, 3, 3, 0]], [[3, 3, 3, 3], [0]]]);
  });

  it('continue where a resumed run stopped, as do its epochs', async () => {
    const { steps: stage, begun, logged } = steps({}, 3);
    stage.begin();
    await stage.recordAllBut(0);
    expect(begun).toMatchObject([[[1, 1, 2, 2, 2], [11, 11, 12, 12, 12], expect.any(Number), 2]]);
    expect(logged).toMatchObject([{ step: 4, epoch: 1 }]);
  });

  it('are recorded in order, with their numbers, until the requested number of steps is unfinished', async () => {
    const { steps: stage, logged, state, session, peak } = steps();
    for (let i = 0; i < 3; i++) stage.begin();
    await stage.recordAllBut(2);
    const common = { type: 'step', stage: 1, backendBytes: 64, loss: 3 };
    expect(logged).toEqual([{ ...common, step: 3, epoch: 0.5, learningRate: peak, stepMs: 0 }]);
    await stage.recordAllBut(0);
    expect(logged).toMatchObject([
      { step: 3 },
      { step: 4, epoch: 1 },
      { step: 5, epoch: 1.25, learningRate: peak / 3 },
    ]);
    expect(state.step).toBe(5);
    expect(session.log.settle).toHaveBeenCalledTimes(3);
    await stage.recordAllBut(0);
    expect(logged).toHaveLength(3);
  });

  it('count epochs without the rows that each epoch leaves out', async () => {
    const { steps: stage, logged } = steps({ leftOut: [2, 0] });
    stage.begin();
    await stage.recordAllBut(0);
    expect(logged).toMatchObject([{ epoch: 1 }]);
  });

  it('are timed from the end of the previous step if they began earlier', async () => {
    const { steps: stage, logged, state } = steps();
    stage.begin();
    now += 10;
    stage.begin();
    now += 20;
    await stage.recordAllBut(1);
    now += 7;
    await stage.recordAllBut(0);
    now += 100;
    stage.begin();
    now += 3;
    await stage.recordAllBut(0);
    expect(logged.map((event) => (event as { stepMs: number }).stepMs)).toEqual([30, 7, 3]);
    expect(state.loop.elapsedMs).toBe(45);
  });

  it('keep the loss scale of mixed precision in the training state', async () => {
    const { steps: stage, state, trainer } = steps();
    stage.begin();
    await stage.recordAllBut(0);
    expect(state.loop).not.toHaveProperty('lossScale');
    trainer.lossScale = { scale: 8 };
    stage.begin();
    await stage.recordAllBut(0);
    expect(state.loop).toMatchObject({ lossScale: { scale: 8 } });
  });
});
