import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody } from '../../../src/domain/run';
import type { Metrics } from '../../../src/domain/evaluate/metrics';
import { applyEvents, emptyRunView, runShare, tokensPerSecond, type RunView } from '../../../src/domain/train/runView';

const metrics: Metrics = {
  hitRateAt1: 0.5,
  hitRateAt3: 0.6,
  hitRateAt5: 0.7,
  hitRateAt10: 0.8,
  recallAt10: 0.8,
  mrrAt10: 0.6,
  ndcgAt10: 0.65,
  questions: 10,
  passages: 100,
};

function step(number: number, loss = 1): RunEventBody {
  return {
    type: 'step',
    step: number,
    stage: 0,
    epoch: 0,
    loss,
    learningRate: 1e-4,
    gradientNorm: 1,
    inBatchAccuracy: 0.5,
    positiveScore: 0.7,
    negativeScore: 0.1,
    tokens: 500,
    stepMs: 250,
    backendBytes: 1000,
  };
}

function read(bodies: RunEventBody[], atEach = 1000): RunView {
  const view = emptyRunView();
  applyEvents(
    view,
    bodies.map((body, seq): RunEvent => ({ runId: 'r', seq, at: seq * atEach, ...body })),
  );
  return view;
}

describe('the view of a run', () => {
  it('ignores an event that arrives a second time', () => {
    const view = emptyRunView();
    const event: RunEvent = { runId: 'r', seq: 0, at: 0, ...step(1) };
    applyEvents(view, [event]);
    applyEvents(view, [event]);
    expect(view.steps).toHaveLength(1);
    expect(view.nextSeq).toBe(1);
  });

  it('replaces the steps that a resumed run repeats', () => {
    const view = read([step(1, 5), step(2, 4), step(3, 3), step(2, 40), step(3, 30)]);
    expect(view.steps.map(({ step: number, loss }) => [number, loss])).toEqual([
      [1, 5],
      [2, 40],
      [3, 30],
    ]);
  });

  it('drops the steps and dev evaluations after the checkpoint of a resumed run, and says which steps are repeated', () => {
    const dev = (number: number): RunEventBody => ({ type: 'devEvaluation', step: number, metrics, best: false });
    const steps = Array.from({ length: 73 }, (_, i) => step(i + 1));
    const resumed = [...steps, dev(50), dev(70), { type: 'resumed', step: 50, reached: 73 } as const];
    const view = read(resumed);
    expect([view.steps.length, view.dev.map(({ step: at }) => at)]).toEqual([50, [50]]);
    expect(view.repeating).toEqual({ from: 51, to: 73 });
    const repeated = Array.from({ length: 23 }, (_, i) => step(51 + i));
    expect(read([...resumed, ...repeated.slice(0, 22)]).repeating).toEqual({ from: 51, to: 73 });
    expect(read([...resumed, ...repeated]).repeating).toBeNull();
    expect(read([...steps, { type: 'resumed', step: 73, reached: 73 }]).repeating).toBeNull();
  });

  it('lists the builds that continued the run', () => {
    expect(read([step(1), { type: 'buildChanged', step: 1, build: 'newer' }]).buildChanges).toEqual([
      { step: 1, build: 'newer' },
    ]);
  });

  it('replaces the dev evaluations that a resumed run repeats', () => {
    const dev = (step: number, best: boolean): RunEventBody => ({ type: 'devEvaluation', step, metrics, best });
    const view = read([
      dev(0, false),
      { type: 'phase', phase: 'train' },
      dev(25, true),
      dev(50, true),
      { type: 'phase', phase: 'train' },
      dev(25, true),
      dev(50, false),
      dev(75, false),
    ]);
    expect(view.dev.map(({ step, best }) => [step, best])).toEqual([
      [0, false],
      [25, true],
      [50, false],
      [75, false],
    ]);
  });

  it('keeps the evaluation of the final weights out of the dev curve', () => {
    const view = read([
      { type: 'devEvaluation', step: 0, metrics, best: false },
      { type: 'phase', phase: 'train' },
      { type: 'devEvaluation', step: 25, metrics, best: true },
      { type: 'phase', phase: 'evaluateAfter' },
      { type: 'devEvaluation', step: 50, metrics, best: false },
    ]);
    expect(view.dev.map((evaluation) => evaluation.step)).toEqual([0, 25]);
  });

  it('counts how often the device was lost, even if steps are repeated afterwards', () => {
    const view = read([step(1), { type: 'deviceLost', reason: 'x' }, step(1), { type: 'deviceLost', reason: 'y' }]);
    expect([view.deviceLosses, view.steps.length]).toEqual([2, 1]);
  });

  it('keeps that count when a run that gave up is resumed', () => {
    const details = { kind: 'gpu-device-lost', reason: 'x' } as const;
    const losses = Array.from({ length: 4 }, () => ({ type: 'deviceLost', reason: 'x' }) as const);
    const failed = { type: 'status', status: 'failed', error: details } as const;
    const view = read([...losses, failed, { type: 'status', status: 'running' }]);
    expect([view.deviceLosses, view.error]).toEqual([4, null]);
  });

  it('records the step after which another device took over', () => {
    expect(read([step(1), { type: 'deviceChanged', step: 1 }, step(2)]).deviceChanges).toEqual([1]);
  });

  it('keeps the error of a failed run and clears it when the run resumes', () => {
    const failed = read([{ type: 'status', status: 'failed', error: { kind: 'gpu-device-lost', reason: 'x' } }]);
    expect(failed.error).toEqual({ kind: 'gpu-device-lost', reason: 'x' });
    expect(
      read([
        { type: 'status', status: 'failed', error: { kind: 'cancelled' } },
        { type: 'status', status: 'running' },
      ]).error,
    ).toBeNull();
  });
});

describe('the progress of a run', () => {
  it('shows tokens per second from the tokens and milliseconds of its steps', () => {
    expect(tokensPerSecond(read([step(1), step(2)]))).toBe(2000);
    expect(tokensPerSecond(emptyRunView())).toBe(0);
  });

  it('keeps the longest evaluation time when a resumed run skips the evaluation', () => {
    const view = read([
      { type: 'phase', phase: 'evaluateBefore' },
      { type: 'progress', what: 'encodePassages', done: 1, of: 2 },
      { type: 'phase', phase: 'train' },
      { type: 'phase', phase: 'evaluateBefore' },
      { type: 'phase', phase: 'train' },
    ]);
    expect(view.evaluationMs).toBe(2000);
  });

  it('rises from 0 to 1 through the phases', () => {
    const phases = ['prepare', 'evaluateBefore', 'train', 'evaluateAfter', 'done'] as const;
    const shares = phases.map((phase) => runShare(read([{ type: 'phase', phase }]), 10));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares[0]).toBe(0);
    expect(shares[4]).toBe(1);
    expect(runShare(read([{ type: 'phase', phase: 'train' }, step(5)]), 10)).toBeCloseTo(0.5);
  });

  it('ignores events of a kind that only older versions wrote', () => {
    const view = emptyRunView();
    const old: RunEvent = JSON.parse(
      '{ "runId": "r", "seq": 0, "at": 1, "type": "progress", "what": "encodeCorpus", "done": 1, "of": 2 }',
    );
    applyEvents(view, [old]);
    expect([view.nextSeq, view.progress]).toEqual([1, null]);
  });
});
