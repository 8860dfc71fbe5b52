import { safeParse } from 'valibot';
import { describe, expect, it } from 'vitest';
import { defaultExperiment, withLowestVersion, type Experiment } from '../../../src/domain/experiment';
import { parseExperiment } from '../../../src/domain/parseExperiment';
import { runEventSchema } from '../../../src/domain/project/eventSchemas';
import { checkpointSchemas } from '../../../src/domain/project/runSchemas';
import { earlyStopRefusal, withPatience } from '../../../src/domain/train/earlyStop';
import { lastStepOf } from '../../../src/domain/train/lastStep';
import { runShare } from '../../../src/domain/train/runView';
import { timeLeftMs } from '../../../src/domain/train/timeLeft';
import type { RunEventBody, RunRecord } from '../../../src/domain/run';
import { en } from '../../../src/ui/i18n/en';
import { runHeadline } from '../../../src/ui/train/runHeadline';
import { RunReport } from '../../../tools/lib/runReport.mjs';
import { noteDevEvaluation } from '../../../workers/services/train/earlyStop';
import type { TrainingState } from '../../../workers/services/train/trainingState';
import { refuseUnusedEarlyStop } from '../../../workers/services/train/refuseRun';
import { phase, viewAfter } from './runEvents';

const step0 = { type: 'step', stepMs: 1, tokens: 1, loss: 1 } as Extract<RunEventBody, { type: 'step' }>;

const withEarlyStop = (patience: number, devEverySteps = 5): Experiment => ({
  ...defaultExperiment(),
  evaluation: { ...withPatience(defaultExperiment().evaluation, patience), devEverySteps },
});

/** Evaluates after steps 1, 2, …; returns the step after which training stopped, and the events. */
function evaluated(best: boolean[], patience: number, steps = 100, loop: object = {}) {
  const events: object[] = [];
  const session = { experiment: withEarlyStop(patience), log: { append: (event: object) => void events.push(event) } };
  const first: TrainingState['loop'] = { bestDev: null, bestStep: null, elapsedMs: 0, ...loop };
  const state = { step: 0, loop: first };
  for (const isBest of best) {
    state.step += 1;
    if (isBest) state.loop.bestStep = state.step;
    noteDevEvaluation(session as never, state, isBest, steps);
    if (state.loop.stopped) return { stoppedAt: state.step, events, state };
  }
  return { stoppedAt: null, events, state };
}

describe('early stopping', () => {
  it('ends training after as many evaluations in a row without a new best as its patience', () => {
    const { stoppedAt, events } = evaluated([true, false, true, false, false, false], 3);
    expect(stoppedAt).toBe(6);
    expect(events).toEqual([{ type: 'earlyStop', step: 6, bestStep: 3, evaluations: 3 }]);
    const seen = { runId: 'r', seq: 0, at: 0, ...events[0] };
    expect(safeParse(runEventSchema, seen).issues).toBeUndefined();
    expect(evaluated([true, false, false, true, false, false], 3).stoppedAt).toBeNull();
    expect(evaluated([true, false], 1).stoppedAt).toBe(2);
  });

  it('continues its count from the state of a checkpoint', () => {
    expect(evaluated([false, false, true], 3, 100, { sinceBest: 1, bestStep: 0 }).stoppedAt).toBe(2);
    const { loopState } = checkpointSchemas[2].entries;
    const loop = { bestDev: 0.5, bestStep: 3, elapsedMs: 1, sinceBest: 2, stopped: true };
    expect(safeParse(loopState, loop).issues).toBeUndefined();
  });

  it('says nothing at the last step, which ends the run anyway, and changes no state if it is off', () => {
    expect(evaluated([true, false, false], 2, 3)).toMatchObject({ stoppedAt: null, events: [] });
    expect(evaluated([true, false, false], 0).state.loop).not.toHaveProperty('sinceBest');
  });

  it('is shown until a resumed run repeats its step', () => {
    const stop = { type: 'earlyStop', step: 6, bestStep: 3, evaluations: 3 } as const;
    expect(viewAfter([1, stop]).earlyStop).toMatchObject({ step: 6, bestStep: 3 });
    expect(viewAfter([1, stop], [2, { type: 'resumed', step: 6, reached: 6 }]).earlyStop).toMatchObject({ step: 6 });
    expect(viewAfter([1, stop], [2, { type: 'resumed', step: 5, reached: 6 }]).earlyStop).toBeNull();
  });

  it('ends the axis, the progress and the time left at the step it stopped after, not at the planned one', () => {
    const stop = { type: 'earlyStop', step: 6, bestStep: 3, evaluations: 3 } as const;
    const steps = [4, 5, 6].map((step): [number, RunEventBody] => [step, { ...step0, step }]);
    const view = viewAfter([0, phase('evaluateBefore')], [3, phase('train')], ...steps, [9, stop]);
    const record = { steps: 100, status: 'running', experiment: withEarlyStop(3) } as RunRecord;
    expect(lastStepOf(record, view)).toBe(6);
    expect(lastStepOf({ steps: 100, stoppedStep: 6 }, null)).toBe(6);
    expect(runShare(view, lastStepOf(record, view))).toBeCloseTo(0.9);
    expect(timeLeftMs(view, record, 9)).toBe(view.evaluationMs);
    expect(runHeadline(en, record, view, null).title).toBe('Training: step 6 of 6');
    expect(runHeadline(en, { ...record, status: 'paused' }, view, null).title).toBe('Paused: step 6 of 6');
    expect(lastStepOf(record, viewAfter(...steps))).toBe(100);
  });

  it('is reported in the terminal', async () => {
    const printed: string[] = [];
    const report = new RunReport('/', (line: string) => void printed.push(line));
    await report.add([{ type: 'earlyStop', step: 6, bestStep: 3, evaluations: 3 }]).catch(() => undefined);
    expect(printed).toEqual([
      'stopped early after step 6: 3 dev evaluations in a row without anything better than step 3',
    ]);
  });

  it('makes an experiment one of version 2, and its absence leaves version 1', () => {
    const experiment = withLowestVersion(withEarlyStop(3));
    expect(experiment.schemaVersion).toBe(2);
    expect(parseExperiment(experiment)).toEqual(experiment);
    expect(withLowestVersion(withEarlyStop(0)).schemaVersion).toBe(1);
    expect(withPatience(withEarlyStop(3).evaluation, 0)).not.toHaveProperty('earlyStop');
  });

  it.each([0, 1.5, 1001, '3'])('with a patience of %j is refused in a file, with its path', (patience) => {
    const evaluation = { ...defaultExperiment().evaluation, earlyStop: { patience } };
    expect(() => parseExperiment({ ...defaultExperiment(), schemaVersion: 2, evaluation })).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ path: 'evaluation.earlyStop.patience' }) as unknown,
      }) as Error,
    );
  });

  it('is refused before a run without an interval of dev evaluations or without dev questions', () => {
    const lacking = (lacks: string) => ({ kind: 'early-stop-without-dev', lacks });
    expect(earlyStopRefusal(withEarlyStop(3, 0), 5)).toEqual(lacking('interval'));
    expect(earlyStopRefusal(withEarlyStop(3), 0)).toEqual(lacking('questions'));
    expect(earlyStopRefusal(withEarlyStop(3), 1)).toBeNull();
    expect(earlyStopRefusal(withEarlyStop(0, 0), 0)).toBeNull();
    expect(() => refuseUnusedEarlyStop(withEarlyStop(3), 0)).toThrow(
      expect.objectContaining({ details: lacking('questions') }) as Error,
    );
  });
});
