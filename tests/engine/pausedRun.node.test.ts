import 'fake-indexeddb/auto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../../src/domain/run';
import { latestCheckpoint } from '../../src/storage/checkpoints';
import type { Database } from '../../src/storage/database';
import { readEvents } from '../../src/storage/runEvents';
import { getRun } from '../../src/storage/runs';
import type { CheckpointManifest } from '../../src/storage/schema';
import { deviceEngine, openDevice } from '../../workers/services/device/openDevice';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { wasmBase } from './environment';
import { carriedOut, LosingControl } from './losingRun';
import { prepared } from './smallRun';

// Node has no navigator before version 21.
beforeAll(() => void vi.stubGlobal('navigator', { userAgent: 'node', hardwareConcurrency: 1 }));

describe('the batches of a run', () => {
  it('are recorded once, with the rows left out of each epoch', async () => {
    const { db, runId } = await prepared({});
    const recorded = await getRun(db, runId);
    const losing = new LosingControl(db, runId, (phase, call) => phase === 'train' && call === 3);
    await runExperiment(
      { db, control: losing, build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined },
      runId,
    );
    const plans = (await readEvents(db, runId, 0)).filter(({ type }) => type === 'batchPlan');
    expect(plans).toMatchObject([{ steps: 12, leftOut: [[0], [0]] }]);
    expect(recorded).toMatchObject({ steps: 12, leftOut: [[0], [0]] });
  });
});

/** Ends the run at a call of checkpoint() during training, as if the page were closed while the run is paused there. */
class ClosingControl extends RunControl {
  calls = 0;
  /** The run's status and checkpoint at the moment when it reported that it was paused. */
  atPause: { status: string | undefined; checkpoint: CheckpointManifest | undefined } | null = null;

  constructor(
    private readonly db: Database,
    private readonly runId: string,
    private readonly closesAt: number,
  ) {
    super();
  }

  override async checkpoint(onPause?: () => Promise<void>): Promise<void> {
    const run = await getRun(this.db, this.runId);
    if (run?.phase !== 'train' || ++this.calls !== this.closesAt) return;
    await onPause?.();
    const checkpoint = await latestCheckpoint(this.db, this.runId);
    this.atPause = { status: (await getRun(this.db, this.runId))?.status, checkpoint };
    throw new RangeError('closed');
  }
}

describe('a run that is paused', () => {
  const evaluation = { devEverySteps: 8, checkpoint: 'bestDev' } as const;
  /** Pauses and closes the run at a call of checkpoint(), then resumes it with `build`. */
  async function closedAt(call: number, build = 'test') {
    const { db, runId } = await prepared(evaluation);
    const control = new ClosingControl(db, runId, call);
    const run = (by: RunControl, as: string) =>
      runExperiment({ db, control: by, build: as, wasmBaseUrl: wasmBase, onEvents: () => undefined }, runId);
    await expect(run(control, 'test')).rejects.toMatchObject({ details: { kind: 'unexpected' } });
    const before = await readEvents(db, runId, 0);
    await run(new RunControl(), build);
    const after = (await readEvents(db, runId, 0)).slice(before.length);
    return { paused: control.atPause, after, record: await getRun(db, runId) };
  }
  const stepsOf = (events: RunEvent[]) => events.flatMap((event) => (event.type === 'step' ? [event.step] : []));

  it('has a checkpoint of its step, even during a dev evaluation, which is then done on resume', async () => {
    const undisturbed = await carriedOut(() => false, evaluation);
    const { paused, after, record } = await closedAt(9);
    expect(paused).toMatchObject({ status: 'paused', checkpoint: { step: 8, loopState: { devPending: true } } });
    expect(stepsOf(after)).toEqual([9, 10, 11, 12]);
    const dev = after.flatMap((event) => (event.type === 'devEvaluation' ? [[event.step, event.metrics]] : []));
    expect(dev).toEqual([...undisturbed.result.dev].filter(([step]) => step >= 8));
    expect(record).toMatchObject({ status: 'done', weightsSha256: undisturbed.result.weights });
    expect(record?.keptStep).toBe(undisturbed.result.keptStep);
  });

  it('evaluates on dev after the last step if it was paused during that evaluation', async () => {
    const undisturbed = await carriedOut(() => false, evaluation);
    const { calls } = undisturbed;
    const { paused, after, record } = await closedAt((calls['train'] ?? 0) - 2);
    expect(paused?.checkpoint).toMatchObject({ step: 12, loopState: { devPending: true } });
    expect(stepsOf(after)).toEqual([]);
    expect(after.filter(({ type }) => type === 'devEvaluation')).toHaveLength(1);
    expect(record).toMatchObject({ status: 'done', weightsSha256: undisturbed.result.weights });
  });

  it('reports on resume which steps it computes again, and with which new build', async () => {
    const same = await closedAt(3);
    expect(same.after.filter(({ type }) => type === 'resumed')).toMatchObject([{ step: 3, reached: 3 }]);
    expect(same.record).not.toHaveProperty('buildChanges');
    const other = await closedAt(3, 'newer');
    expect(other.after.filter(({ type }) => type === 'buildChanged')).toMatchObject([{ step: 3, build: 'newer' }]);
    expect(other.record).toMatchObject({ build: 'test', buildChanges: [{ step: 3, build: 'newer' }] });
  });

  it('reports on resume which steps it computes again if it was killed instead', async () => {
    const { db, runId } = await prepared({});
    const losing = new LosingControl(db, runId, (phase, call) => phase === 'train' && call >= 9);
    const run = (control: RunControl) =>
      runExperiment({ db, control, build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined }, runId);
    await expect(run(losing)).rejects.toMatchObject({ details: { kind: 'gpu-device-lost' } });
    const before = await readEvents(db, runId, 0);
    const { step: reached } = (await getRun(db, runId)) ?? {};
    await run(new RunControl());
    const [resumed] = (await readEvents(db, runId, before.length)).filter(({ type }) => type === 'resumed');
    expect(resumed).toMatchObject({ step: 6, reached });
    expect(reached).toBeGreaterThan(6);
  });

  it('releases the device even if its event log cannot be closed', async () => {
    const { db, runId } = await prepared({});
    const failing = new Proxy(db, {
      get: (target, name) => {
        if (name !== 'transaction') return (Reflect.get(target, name) as () => unknown).bind(target);
        return (...given: Parameters<Database['transaction']>) => {
          if ([given[0]].flat().includes('runEvents' as never)) throw new Error('no storage');
          return target.transaction(...given);
        };
      },
    });
    const deps = { control: new RunControl(), build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined };
    await openDevice('wasm', wasmBase);
    await expect(runExperiment({ db: failing, ...deps }, runId)).rejects.toThrow('no storage');
    expect(deviceEngine).toThrow(RangeError);
  });
});
