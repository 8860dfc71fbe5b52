import { describe, expect, it, vi } from 'vitest';
import type { DeviceInfo } from '../../../src/domain/device';
import { AppError } from '../../../src/domain/errors';
import type { RunEvent, RunEventBody } from '../../../src/domain/run';
import { updateRun } from '../../../src/storage/runs';
import type { RunSessionOnDevice } from '../../../workers/services/train/runSession';
import type { TrainingDeps } from '../../../workers/services/train/trainModel';
import type { TrainingState } from '../../../workers/services/train/trainingState';
import { evaluationOf, runRecord } from '../storage/support';
import {
  RunControl,
  carriedOut,
  checkpoints,
  db,
  done,
  encode,
  encoding,
  evaluating,
  info,
  lost,
  metrics,
  plan,
  questions,
  recovering,
  runExperiment,
  statuses,
  training,
} from './mockedRun';

describe('a run', () => {
  it('evaluates, trains, evaluates the kept weights, and closes the device', async () => {
    const { events, failure, record } = await carriedOut();
    expect(failure).toBeNull();
    expect(done).toEqual([
      ...['verdict', 'plan', 'kernels', 'encode 3', 'encode 1', 'dev before', 'encode 2', 'test before'],
      ...['train from 0', 'dispose moments', 'weights'],
      ...['encode 3', 'encode 1', 'dev after', 'encode 2', 'test after', 'dispose weights', 'close'],
    ]);
    expect(record).toMatchObject({ status: 'done', phase: 'done', steps: 3, leftOut: [[1], []], keptStep: 2 });
    expect(record).toMatchObject({ weightsSha256: 'hash', finishedAt: expect.any(Number) as number });
    expect(statuses(events)).toEqual(['running', 'done']);
    const phases = events.flatMap((event) => (event.type === 'phase' ? [event.phase] : []));
    expect(phases).toEqual(['evaluateBefore', 'train', 'evaluateAfter', 'done']);
    expect(await db.count('evaluations')).toBe(4);
  });

  it('reports its device, its batches and its evaluations, the first on dev too', async () => {
    const { events } = await carriedOut();
    expect(events.filter(({ type }) => /device|batchPlan|Evaluation/.test(type))).toMatchObject([
      { type: 'device', device: info },
      { type: 'batchPlan', steps: 3, leftOut: [[1], []] },
      { type: 'devEvaluation', step: 0, metrics, best: false },
      { type: 'testEvaluation', moment: 'before', metrics },
      { type: 'testEvaluation', moment: 'after', metrics },
    ]);
    const { types } = await carriedOut({ kernelPlan: '{}' });
    expect(types).not.toContain('batchPlan');
  });

  it('raises the alarms of its steps, including steps before it was resumed', async () => {
    const dead = (step: number) => ({ type: 'step', step, stage: 0, loss: 1, gradientNorm: 0 }) as RunEventBody;
    training.trainModel.mockImplementation(({ session }: TrainingDeps, _weights: object, { step }: TrainingState) => {
      const [from, to] = step === 0 ? [2, 9] : [3, 12];
      for (let number = from; number <= to; number++) session.log.append(dead(number));
      return Promise.resolve();
    });
    const first = await carriedOut();
    expect(first.types).not.toContain('alarm');
    checkpoints.loadNewestCheckpoint.mockResolvedValue({ step: 2, loop: {}, adamW: { dispose: () => undefined } });
    const { events } = await carriedOut({ phase: 'train', step: 9 });
    expect(events.filter(({ type }) => type === 'alarm')).toMatchObject([{ kind: 'deadGradients', step: 11 }]);
  });

  it('notes the last step if it stopped early', async () => {
    training.trainModel.mockImplementation((_deps: TrainingDeps, _weights: object, state: TrainingState) => {
      Object.assign(state.loop, { stopped: true });
      state.step = 2;
      return Promise.resolve();
    });
    expect((await carriedOut()).record).toMatchObject({ status: 'done', stoppedStep: 2, steps: 3 });
  });

  it('is refused by its id if it is not stored', async () => {
    const run = runExperiment(
      { db, control: new RunControl(), build: 'b', wasmBaseUrl: '', onEvents: () => undefined },
      'x',
    );
    await expect(run).rejects.toMatchObject({ details: { kind: 'not-found', what: 'run', id: 'x' } });
  });

  it('keeps its error if it fails, and still closes the device', async () => {
    training.trainModel.mockRejectedValue(new AppError({ kind: 'diverged' } as never));
    const { events, failure, record } = await carriedOut();
    expect(failure?.details).toEqual({ kind: 'diverged' });
    expect([record?.status, record?.error, statuses(events)]).toEqual([
      'failed',
      { kind: 'diverged' },
      ['running', 'failed'],
    ]);
    expect(done.slice(-3)).toEqual(['dispose moments', 'dispose weights', 'close']);
  });

  it('closes the device even if its last events cannot be stored', async () => {
    training.trainModel.mockImplementation(async ({ session }: TrainingDeps) => {
      await db.delete('runs', 'r');
      session.log.append({ type: 'progress', what: 'load', done: 0, of: 1 });
      throw new AppError({ kind: 'diverged' } as never);
    });
    expect((await carriedOut()).failure?.details).toMatchObject({ kind: 'not-found', what: 'run' });
    expect(done.at(-1)).toBe('close');
  });

  it('ends without an error if it is cancelled', async () => {
    training.trainModel.mockRejectedValue(new AppError({ kind: 'cancelled' }));
    const { events, failure, record } = await carriedOut();
    expect([failure, record?.status, statuses(events)]).toEqual([null, 'cancelled', ['running', 'cancelled']]);
    expect(done.at(-1)).toBe('close');
  });

  it('needs no dev questions', async () => {
    questions.dev = 0;
    await carriedOut();
    expect(done.filter((what) => /^(dev|test) /.test(what))).toEqual(['test before', 'test after']);
  });

  it('encodes with the pooling of the experiment and the batches that its memory plan allows', async () => {
    await carriedOut({ memory: { encodingTokens: 77 } as never });
    expect(encoding.encodeTexts.mock.calls[0]?.[0]).toMatchObject({ pooling: 'cls', maxBatchTokens: 77 });
    expect(evaluating.evaluateVectors.mock.calls[0]?.[1]).toMatchObject({
      runId: 'r',
      part: 'dev',
      questions: [{ id: 0 }],
    });
  });

  it('is refused on a device that lacks the precision of a stage', async () => {
    const { experiment } = runRecord('r', 'e');
    const stages = experiment.stages.map((stage) => ({ ...stage, precision: 'mixed' as const }));
    const { failure } = await carriedOut({ experiment: { ...experiment, stages } });
    expect(failure?.details).toMatchObject({ kind: 'half-unavailable' });
  });
});

describe('a run that resumes', () => {
  const checkpoint = { step: 1, loopState: { bestDev: 0.5, bestStep: 1, elapsedMs: 9 } };
  const resume = (found: object): void =>
    void checkpoints.loadNewestCheckpoint.mockImplementation(
      (_db: object, _runId: string, load: (checkpoint: object) => Promise<object>) => load(found),
    );

  it('trains from its newest checkpoint, and says how far it had come before', async () => {
    resume(checkpoint);
    const { events } = await carriedOut({ step: 2, kernelPlan: '{}' });
    expect(done).toContain('train from 1');
    expect(events.filter(({ type }) => type === 'resumed')).toMatchObject([{ step: 1, reached: 2 }]);
    expect((training.trainModel.mock.calls[0] as unknown[])[2]).toMatchObject({ loop: checkpoint.loopState });
  });

  it('begins with fresh moments if it lost all of its checkpoints, and reports it', async () => {
    const { events } = await carriedOut({ step: 2 });
    expect(events.filter(({ type }) => type === 'resumed')).toMatchObject([{ step: 0, reached: 2 }]);
    const [, , state] = training.trainModel.mock.calls[0] as unknown[];
    expect(state).toEqual({
      step: 0,
      stage: 0,
      loop: { bestDev: null, bestStep: null, elapsedMs: 0 },
      adamW: expect.objectContaining({ fresh: true }) as object,
    });
    expect((await carriedOut({ step: 0 })).types).not.toContain('resumed');
  });

  it('trains no further if all steps are done, unless a dev evaluation is pending', async () => {
    resume({ ...checkpoint, step: 3 });
    await carriedOut();
    expect(training.trainModel).not.toHaveBeenCalled();
    expect(done).toContain('dispose moments');
    resume({ ...checkpoint, step: 3, loopState: { ...checkpoint.loopState, devPending: true } });
    await carriedOut({ step: 3 });
    expect(training.trainModel).toHaveBeenCalledTimes(1);
  });

  it('does only the evaluations that are not stored', async () => {
    await db.put('evaluations', { ...evaluationOf('r'), part: 'dev', moment: 'before' });
    await carriedOut();
    expect(done.filter((what) => /(before|after)$/.test(what))).toEqual(['test before', 'dev after', 'test after']);
    done.length = 0;
    await carriedOut({ status: 'interrupted' });
    expect(done.filter((what) => what.startsWith('encode'))).toEqual([]);
  });
});

describe('a run whose device is lost', () => {
  it('resumes on a reopened one, and counts the loss', async () => {
    training.trainModel.mockRejectedValueOnce(lost());
    const { events, failure, record } = await carriedOut();
    expect([failure, record?.status, record?.deviceLosses]).toEqual([null, 'done', 1]);
    expect(events.filter(({ type }) => type === 'deviceLost')).toMatchObject([{ reason: 'unknown' }]);
    expect(events.filter(({ type }) => type === 'device')).toHaveLength(2);
    expect(recovering.reopenDevice).toHaveBeenCalledWith(info, 'base/', expect.any(AppError));
    expect(plan.fixKernelPlan.mock.calls.map((call) => call[2] as boolean)).toEqual([false, false]);
  });

  it('knows that it has moved if the reopened device computes other bits', async () => {
    training.trainModel.mockRejectedValueOnce(lost());
    recovering.reopenDevice.mockResolvedValue({ ...info, backend: 'webgpu' });
    await carriedOut();
    expect(plan.fixKernelPlan.mock.calls.map((call) => call[2] as boolean)).toEqual([false, true]);
    done.length = 0;
    await carriedOut({ device: { ...info, backend: 'webgpu' } });
    expect(plan.fixKernelPlan.mock.lastCall?.[2]).toBe(true);
  });

  it('reuses the vectors computed before, unless the device is another one', async () => {
    const counts = async (reopened: DeviceInfo): Promise<number> => {
      recovering.reopenDevice.mockResolvedValue(reopened);
      const made = new Set<unknown>();
      encoding.encodeTexts.mockImplementation((...given: Parameters<typeof encode>) => {
        if (given[3].count === 3) made.add(given[3]);
        return encode(...given);
      });
      evaluating.evaluateVectors.mockRejectedValueOnce(lost());
      await db.clear('evaluations');
      await carriedOut({ status: 'queued' });
      return made.size;
    };
    expect(await counts(info)).toBe(2);
    expect(await counts({ ...info, backend: 'webgpu' })).toBe(3);
  });

  it('fails with the loss if it makes no progress between four losses', async () => {
    plan.fixKernelPlan.mockRejectedValue(lost());
    const { failure, record } = await carriedOut({ deviceLosses: 5 });
    expect(failure?.details).toMatchObject({ kind: 'gpu-device-lost' });
    expect([recovering.reopenDevice.mock.calls.length, record?.deviceLosses]).toEqual([3, 9]);
  });

  it('counts a loss after which no device can be reopened once', async () => {
    training.trainModel.mockRejectedValueOnce(lost());
    recovering.reopenDevice.mockRejectedValueOnce(lost());
    const { failure, record, types } = await carriedOut();
    expect([failure?.details.kind, record?.status, record?.deviceLosses]).toEqual(['gpu-device-lost', 'failed', 1]);
    expect(types.filter((type) => type === 'deviceLost')).toHaveLength(1);
  });

  it('continues with fixed rules if it was lost while kernels were measured, and does not count other failures', async () => {
    plan.fixKernelPlan.mockImplementationOnce(({ tuning }: RunSessionOnDevice) => {
      tuning.running = true;
      return Promise.reject(new AppError({ kind: 'gpu-out-of-memory' } as never));
    });
    const { failure, record, types } = await carriedOut();
    expect([failure, record?.deviceLosses]).toEqual([null, undefined]);
    expect(types).not.toContain('deviceLost');
    expect((plan.fixKernelPlan.mock.lastCall?.[0] as RunSessionOnDevice).tuning.rulesBecause).toBe('measuring-failed');
  });
});

describe('while texts are encoded', () => {
  it('a run reports its progress and can be paused', async () => {
    const { events } = await carriedOut();
    expect(events.filter(({ type }) => type === 'progress')).toMatchObject([
      ...[{ what: 'encodePassages', done: 3, of: 3 }, { what: 'encodeQuestions', done: 1 }, { done: 2 }],
      ...[{ what: 'encodePassages' }, { what: 'encodeQuestions' }, { what: 'encodeQuestions' }],
    ]);
    const control = new RunControl();
    encoding.encodeTexts.mockImplementationOnce(async (...given: Parameters<typeof encode>) => {
      control.pause();
      setTimeout(() => control.continue(), 30);
      return encode(...given);
    });
    await db.clear('evaluations');
    await updateRun(db, 'r', { phase: 'prepare' });
    const seen: RunEvent[] = [];
    const deps = {
      db,
      control,
      build: 'b',
      wasmBaseUrl: '',
      onEvents: (batch: RunEvent[]) => void seen.push(...batch),
    };
    await runExperiment(deps, 'r');
    expect(statuses(seen)).toEqual(['running', 'paused', 'running', 'done']);
  });

  it('a pause during a dev evaluation of training stores a checkpoint instead', async () => {
    const onPause = vi.fn(() => Promise.resolve());
    const control = new RunControl();
    const deps = { db, control, build: 'b', wasmBaseUrl: '', onEvents: () => undefined };
    training.trainModel.mockImplementation(async ({ evaluateDev }: TrainingDeps) => {
      encoding.encodeTexts.mockImplementationOnce((...given: Parameters<typeof encode>) => {
        control.pause();
        setTimeout(() => control.continue(), 30);
        return encode(...given);
      });
      expect((await evaluateDev(1, onPause)).metrics).toEqual(metrics);
    });
    await runExperiment(deps, 'r');
    expect(onPause).toHaveBeenCalledTimes(1);
  });
});
