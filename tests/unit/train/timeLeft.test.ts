import { describe, expect, it } from 'vitest';
import { defaultExperiment } from '../../../src/domain/experiment';
import type { RunEventBody } from '../../../src/domain/run';
import type { Metrics } from '../../../src/domain/evaluate/metrics';
import { timeLeftMs } from '../../../src/domain/train/timeLeft';
import { phase, viewAfter } from './runEvents';

const stepMs = 100;
const metrics = { recallAt10: 0.5 } as Metrics;
const step = (number: number): RunEventBody => ({
  type: 'step',
  step: number,
  stage: 0,
  epoch: 0,
  loss: 1,
  learningRate: 1e-4,
  gradientNorm: 1,
  inBatchAccuracy: 0.5,
  positiveScore: 0.7,
  negativeScore: 0.1,
  tokens: 500,
  stepMs,
  backendBytes: 1000,
});
const dev = (number: number): RunEventBody => ({ type: 'devEvaluation', step: number, metrics, best: false });

/** Returns the events of an evaluation before training that takes 1,000 ms, with the given dev events. */
const before = (...devs: [number, RunEventBody][]): [number, RunEventBody][] => [
  [0, phase('evaluateBefore')],
  ...devs,
  [1000, phase('train')],
];
function plan(steps: number, devEverySteps: number, checkpoint: 'bestDev' | 'last' = 'last') {
  const experiment = defaultExperiment();
  return { steps, experiment: { ...experiment, evaluation: { ...experiment.evaluation, devEverySteps, checkpoint } } };
}
const threeSteps: [number, RunEventBody][] = [
  [1100, step(1)],
  [1200, step(2)],
  [1300, step(3)],
];

describe('the time left', () => {
  it('is unknown until three steps are measured', () => {
    expect(timeLeftMs(viewAfter(...before(), [1100, step(1)], [1200, step(2)]), plan(10, 0), 1200)).toBeNull();
  });

  it('without dev questions covers the remaining steps at the measured pace and the evaluation after training', () => {
    expect(timeLeftMs(viewAfter(...before(), ...threeSteps), plan(13, 1), 1300)).toBe(10 * stepMs + 1000);
  });

  it('includes a dev evaluation per remaining interval, each as long as those measured', () => {
    const view = viewAfter(...before([900, dev(0)]), [1100, step(1)], [1200, step(2)], [1700, dev(2)], [1800, step(3)]);
    // Dev is evaluated after steps 4, 6, 8 and 10.
    expect(timeLeftMs(view, plan(10, 2), 1800)).toBe(7 * stepMs + 4 * 500 + 1000);
    expect(timeLeftMs(view, plan(9, 2, 'bestDev'), 1800)).toBe(6 * stepMs + 4 * 500 + 1000);
    expect(timeLeftMs(view, plan(9, 2, 'last'), 1800)).toBe(6 * stepMs + 3 * 500 + 1000);
  });

  it('assumes that a dev evaluation takes as long as the one before training, until one is measured', () => {
    expect(timeLeftMs(viewAfter(...before([900, dev(0)]), ...threeSteps), plan(13, 10), 1300)).toBe(
      10 * stepMs + 1000 + 1000,
    );
  });

  it('counts down while dev is evaluated', () => {
    const view = viewAfter(...before([900, dev(0)]), ...threeSteps);
    expect(timeLeftMs(view, plan(3, 3), 1300)).toBe(1000 + 1000);
    expect(timeLeftMs(view, plan(3, 3), 1700)).toBe(600 + 1000);
  });

  it('does not count a pause as part of the dev evaluation', () => {
    const view = viewAfter(
      ...before([900, dev(0)]),
      ...threeSteps,
      [1400, { type: 'status', status: 'paused' }],
      [90_000, { type: 'status', status: 'running' }],
      [90_400, dev(3)],
    );
    expect(timeLeftMs(view, plan(6, 3), 90_400)).toBe(3 * stepMs + 500 + 1000);
  });

  it('includes the checkpoints that fall due', () => {
    const written: RunEventBody = { type: 'checkpoint', step: 3, generation: 0, writeMs: 1500, bytes: 1 };
    const view = viewAfter(...before(), ...threeSteps, [2800, written]);
    // A checkpoint takes 1.5 s per 30 s of training.
    expect(timeLeftMs(view, plan(3003, 0), 2800)).toBeCloseTo(300_000 * 1.05 + 1000);
  });

  it('includes only the part of a write during which steps wait', () => {
    const write = { step: 3, generation: 0, writeMs: 10_000, waitedMs: 1500, bytes: 1 };
    const view = viewAfter(...before(), ...threeSteps, [2800, { type: 'checkpoint', ...write }]);
    // There is one write per 200 s of training, and steps wait 1.5 s for each.
    expect(timeLeftMs(view, plan(4003, 0), 2800)).toBeCloseTo(400_000 + 2 * 1500 + 1000);
  });

  it('of the evaluation after training is the time of the one before, less the time since it began', () => {
    const view = viewAfter(...before(), ...threeSteps, [2000, phase('evaluateAfter')]);
    expect([2000, 2300, 2999, 4000].map((now) => timeLeftMs(view, plan(3, 0), now))).toEqual([1000, 700, 1, 0]);
    const questions = { type: 'progress', what: 'encodeQuestions', done: 1, of: 4 } as const;
    const later = viewAfter(...before(), ...threeSteps, [2000, phase('evaluateAfter')], [2300, questions]);
    expect(timeLeftMs(later, plan(3, 0), 2300)).toBe(700);
    expect(timeLeftMs(viewAfter([0, phase('evaluateAfter')]), plan(3, 0), 300)).toBeNull();
  });

  it('averages the dev evaluations that were measured', () => {
    const view = viewAfter(
      ...before([900, dev(0)]),
      [1100, step(1)],
      [1500, dev(1)],
      [1600, step(2)],
      [1800, dev(2)],
      [1900, step(3)],
    );
    // 400 ms and 200 ms so far; dev is evaluated after step 4 once more.
    expect(timeLeftMs(view, plan(4, 2), 1900)).toBe(stepMs + 300 + 1000);
  });

  it('is unknown before training, even if steps of an earlier attempt are known', () => {
    expect(
      timeLeftMs(viewAfter(...before(), ...threeSteps, [1400, phase('evaluateBefore')]), plan(9, 0), 1500),
    ).toBeNull();
  });

  it('of the evaluation after training follows its progress', () => {
    const view = viewAfter(
      ...before(),
      ...threeSteps,
      [2000, phase('evaluateAfter')],
      [2300, { type: 'progress', what: 'encodePassages', done: 1, of: 4 }],
    );
    expect(timeLeftMs(view, plan(3, 0), 2300)).toBe(900);
    const half: RunEventBody = { type: 'progress', what: 'encodePassages', done: 2, of: 4 };
    expect(
      timeLeftMs(viewAfter(...before(), ...threeSteps, [2000, phase('evaluateAfter')], [2300, half]), plan(3, 0), 2300),
    ).toBe(300);
    const none: RunEventBody = { ...half, done: 0 };
    expect(
      timeLeftMs(viewAfter(...before(), ...threeSteps, [2000, phase('evaluateAfter')], [2300, none]), plan(3, 0), 2300),
    ).toBe(700);
  });
});
