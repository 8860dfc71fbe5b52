import { describe, expect, it } from 'vitest';
import type { Metrics } from '../../../src/domain/evaluate/metrics';
import type { RunEventBody } from '../../../src/domain/run';
import { emptyRunView, recentMean, runShare, tokensPerSecond, type RunView } from '../../../src/domain/train/runView';
import { phase, viewAfter } from './runEvents';

const metrics = { hitRateAt1: 0.5 } as Metrics;
const step = (number: number, stepMs = 100, tokens = 500): RunEventBody =>
  ({ type: 'step', step: number, stepMs, tokens }) as RunEventBody;
const dev = (number: number): RunEventBody => ({ type: 'devEvaluation', step: number, metrics, best: false });
const status = (name: RunView['status']): RunEventBody => ({ type: 'status', status: name });
const progress = (done: number, of: number, what: 'encodePassages' | 'encodeQuestions' = 'encodePassages') =>
  ({ type: 'progress', what, done, of }) as const;

describe('the view of a run after an event', () => {
  it('is empty before the first one', () => {
    expect(emptyRunView()).toMatchObject({
      phase: 'prepare',
      status: 'queued',
      nextSeq: 0,
      lastAt: 0,
      evaluationMs: 0,
    });
    expect(emptyRunView()).toMatchObject({ steps: [], dev: [], deviceChanges: [], buildChanges: [], test: {} });
  });

  it('has the device, the kernels and the newest checkpoint', () => {
    const device = { backend: 'wasm', reason: 'wasm-chosen', adapter: null, threads: 2, simd: true } as const;
    const kernels = { source: 'rules', ms: 1, products: [], unmeasured: 0, refused: { shaders: 0, bits: 0 } } as const;
    const written = { step: 3, writeMs: 9, waitedMs: 4, bytes: 7 };
    const view = viewAfter(
      [1, { type: 'device', device }],
      [2, { type: 'kernels', ...kernels, products: [] }],
      [3, { type: 'checkpoint', generation: 0, ...written }],
    );
    expect(view.device).toEqual(device);
    expect(view.kernels).toMatchObject(kernels);
    expect(view.checkpoint).toEqual(written);
    expect([view.lastAt, view.nextSeq]).toEqual([3, 3]);
  });

  it('has the test metrics of both moments', () => {
    const after = { hitRateAt1: 0.9 } as Metrics;
    const view = viewAfter(
      [1, { type: 'testEvaluation', moment: 'before', metrics }],
      [2, { type: 'testEvaluation', moment: 'after', metrics: after }],
    );
    expect(view.test).toEqual({ before: metrics, after });
  });

  it('has the progress of the current work, until a step or another phase begins', () => {
    expect(viewAfter([1, progress(1, 4)]).progress).toEqual({ what: 'encodePassages', done: 1, of: 4 });
    expect(viewAfter([1, progress(1, 4)], [2, step(1)]).progress).toBeNull();
    expect(viewAfter([1, progress(1, 4)], [2, phase('train')]).progress).toBeNull();
  });

  it('still repeats steps until the last one that was computed before', () => {
    const resumed = { type: 'resumed', step: 2, reached: 4 } as const;
    const events: [number, RunEventBody][] = [
      [1, step(1)],
      [2, step(2)],
      [3, step(3)],
      [4, step(4)],
      [5, resumed],
    ];
    expect(viewAfter(...events, [6, step(3)]).repeating).toEqual({ from: 3, to: 4 });
    expect(viewAfter(...events, [6, step(3)], [7, step(4)]).repeating).toBeNull();
  });
});

describe('the time of dev evaluations', () => {
  it('begins at the end of the previous step', () => {
    const view = viewAfter([0, phase('train')], [100, step(1)], [400, dev(1)], [500, step(2)], [700, dev(2)]);
    expect(view.devTime).toEqual({ count: 2, ms: 500 });
  });

  it('leaves out a pause', () => {
    const view = viewAfter(
      [0, phase('train')],
      [100, step(1)],
      [150, status('paused')],
      [950, status('running')],
      [1000, dev(1)],
    );
    expect(view.devTime).toEqual({ count: 1, ms: 100 });
    expect(view.pausedAt).toBeNull();
  });

  it.each<[string, [number, RunEventBody][]]>([
    [
      'before training',
      [
        [100, phase('evaluateBefore')],
        [400, dev(0)],
      ],
    ],
    [
      'without a step before it',
      [
        [100, phase('train')],
        [400, dev(0)],
      ],
    ],
    [
      'in another phase than training',
      [
        [100, step(1)],
        [150, phase('evaluateBefore')],
        [400, dev(1)],
      ],
    ],
    [
      'after the device was lost',
      [
        [0, phase('train')],
        [100, step(1)],
        [150, { type: 'deviceLost', reason: '' }],
        [400, dev(1)],
      ],
    ],
    [
      'after a resume',
      [
        [0, phase('train')],
        [100, step(1)],
        [150, { type: 'resumed', step: 1, reached: 1 }],
        [400, dev(1)],
      ],
    ],
    [
      'after the run was closed and opened',
      [
        [0, phase('train')],
        [100, step(1)],
        [150, status('running')],
        [400, dev(1)],
      ],
    ],
  ])('is not measured %s', (_, events) => {
    expect(viewAfter(...events).devTime).toEqual({ count: 0, ms: 0 });
  });

  it('is measured once per step', () => {
    expect(viewAfter([0, phase('train')], [100, step(1)], [400, dev(1)], [900, dev(2)]).devTime).toEqual({
      count: 1,
      ms: 300,
    });
  });
});

describe('the speed of a run', () => {
  it('is that of the last 20 steps', () => {
    const slow = Array.from({ length: 5 }, (_, i): [number, RunEventBody] => [i, step(i + 1, 10_000, 1)]);
    const fast = Array.from({ length: 20 }, (_, i): [number, RunEventBody] => [i, step(i + 6, 250, 500)]);
    expect(tokensPerSecond(viewAfter(...slow, ...fast))).toBe(2000);
    expect(recentMean(viewAfter(...slow, ...fast.slice(0, 19)), ({ stepMs }) => stepMs)).toBe((10_000 + 19 * 250) / 20);
    expect(tokensPerSecond(viewAfter([0, step(1, 0)]))).toBe(0);
  });
});

describe('the share of a run that is done', () => {
  it('counts the preparation as 2%, each evaluation by its passages, and training as 80%', () => {
    const share = (...events: RunEventBody[]) =>
      Number(runShare(viewAfter(...events.map((event, i): [number, RunEventBody] => [i, event])), 10).toFixed(6));
    expect(share(phase('prepare'), progress(1, 2))).toBe(0.01);
    expect(share(phase('prepare'), progress(1, 0))).toBe(0);
    expect(share(phase('evaluateBefore'))).toBe(0.02);
    expect(share(phase('evaluateBefore'), progress(1, 2))).toBe(0.06);
    expect(share(phase('evaluateBefore'), progress(1, 2, 'encodeQuestions'))).toBe(0.02);
    expect(share(phase('train'))).toBe(0.1);
    expect(share(phase('train'), step(5))).toBe(0.5);
    expect(share(phase('train'), step(11))).toBe(0.9);
    expect(share(phase('evaluateAfter'))).toBe(0.9);
    expect(share(phase('evaluateAfter'), progress(1, 2))).toBe(0.95);
    expect(share(phase('evaluateAfter'), progress(1, 2, 'encodeQuestions'))).toBe(0.9);
    expect(share(phase('done'))).toBe(1);
    expect(runShare(viewAfter([0, phase('train')], [1, step(5)]), 0)).toBe(0.1);
  });
});
