import 'fake-indexeddb/auto';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../src/domain/errors';
import type { Experiment } from '../../src/domain/experiment';
import { formatKernelPlan, kernelsVersion, unmeasuredPlan } from '../../src/domain/kernelPlan';
import type { RunEvent } from '../../src/domain/run';
import type { Evaluation } from '../../src/domain/evaluate/evaluation';
import { latestCheckpoint } from '../../src/storage/checkpoints';
import type { Database } from '../../src/storage/database';
import { getEvaluation } from '../../src/storage/evaluations';
import { readEvents } from '../../src/storage/runEvents';
import { getRun, updateRun } from '../../src/storage/runs';
import { deviceWebGpu } from '../../workers/engine/device';
import { DeviceRecovery } from '../../workers/services/device/deviceRecovery';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { inBrowser, wasmBase } from './environment';
import { prepared } from './smallRun';

// Node has no navigator before version 21.
beforeAll(() => void (inBrowser || vi.stubGlobal('navigator', { userAgent: 'node', hardwareConcurrency: 1 })));

/**
 * Loses the device at chosen calls of checkpoint(), which a run calls between blocks and between steps. Calls are
 * counted separately in each phase.
 */
class LosingControl extends RunControl {
  readonly calls: Record<string, number> = {};

  constructor(
    private readonly db: Database,
    private readonly runId: string,
    private readonly loses: (phase: string, call: number) => boolean,
  ) {
    super();
  }

  override async checkpoint(): Promise<void> {
    await super.checkpoint();
    const phase = (await getRun(this.db, this.runId))?.phase ?? '';
    const call = (this.calls[phase] ?? 0) + 1;
    this.calls[phase] = call;
    if (!this.loses(phase, call)) return;
    if (!inBrowser) throw new AppError({ kind: 'gpu-device-lost', reason: 'test' });
    deviceWebGpu()?.device.destroy(); // the next readback fails
  }
}

/**
 * Carries out the experiment and loses the device whenever `loses` returns true. Returns everything that a loss must
 * not change.
 */
async function carriedOut(
  loses: (phase: string, call: number) => boolean,
  evaluation: Partial<Experiment['evaluation']> = {},
) {
  const { db, runId } = await prepared(evaluation);
  const control = new LosingControl(db, runId, loses);
  const events: RunEvent[] = [];
  const failure: unknown = await runExperiment(
    { db, control, wasmBaseUrl: wasmBase, onEvents: (some) => events.push(...some) },
    runId,
  ).catch((thrown: unknown) => thrown);
  const record = await getRun(db, runId);
  const read: Partial<Evaluation>[] = [];
  for (const part of ['dev', 'test'] as const)
    for (const moment of ['before', 'after'] as const) {
      const found = await getEvaluation(db, runId, part, moment);
      if (found) read.push({ ...found, runId: '', createdAt: 0, encodeMs: 0 });
    }
  const losses = new Map(events.flatMap((event) => (event.type === 'step' ? [[event.step, event.loss] as const] : [])));
  const dev = events.flatMap((event) => (event.type === 'devEvaluation' ? [[event.step, event.metrics] as const] : []));
  const result = { read, losses, dev: new Map(dev), weights: record?.weightsSha256, keptStep: record?.keptStep };
  return {
    result,
    record,
    failure,
    calls: control.calls,
    lost: events.filter(({ type }) => type === 'deviceLost').length,
  };
}

describe('a run whose device is lost', () => {
  // On software WebGPU each new device compiles all kernels again, which takes half a minute, so only one test runs
  // there.
  it.skipIf(inBrowser)(
    'resumes at the last encoded block or the last checkpoint and ends with the same results',
    async () => {
      const undisturbed = await carriedOut(() => false);
      expect(undisturbed.failure).toBeUndefined();
      expect([undisturbed.result.read.length, undisturbed.result.losses.size, undisturbed.lost]).toEqual([4, 12, 0]);
      const at = ['evaluateBefore 2', 'train 9', 'evaluateAfter 3'];
      const disturbed = await carriedOut((phase, call) => at.includes(`${phase} ${call}`));
      expect(disturbed.failure).toBeUndefined();
      expect(disturbed.result).toEqual(undisturbed.result);
      expect([disturbed.lost, disturbed.record?.deviceLosses, disturbed.record?.status]).toEqual([3, 3, 'done']);
      // No block may be encoded twice, and only the steps after the checkpoint at step 6 may be repeated.
      for (const phase of ['evaluateBefore', 'evaluateAfter'])
        expect(disturbed.calls[phase]).toBeLessThanOrEqual(undisturbed.calls[phase] ?? 0);
      expect((disturbed.calls['train'] ?? 0) - (undisturbed.calls['train'] ?? 0)).toBeLessThanOrEqual(4);
    },
  );

  it('resumes from the previous checkpoint when the device is lost during a dev evaluation', async () => {
    const evaluation = { devEverySteps: 8, checkpoint: 'bestDev' } as const;
    const undisturbed = await carriedOut(() => false, evaluation);
    expect([...undisturbed.result.dev.keys()]).toEqual([0, 8, 12]);
    const disturbed = await carriedOut((phase, call) => phase === 'train' && call === 9, evaluation);
    expect(disturbed.lost).toBe(1);
    expect(disturbed.result).toEqual(undisturbed.result);
  });

  it.skipIf(inBrowser)('fails with gpu-device-lost after four losses in a row without progress', async () => {
    const { failure, record, lost } = await carriedOut((phase, call) => phase === 'train' && call >= 3);
    expect(failure).toMatchObject({ details: { kind: 'gpu-device-lost' } });
    expect(record).toMatchObject({ status: 'failed', deviceLosses: 3, error: { kind: 'gpu-device-lost' } });
    expect(lost).toBe(3);
  });
});

describe('a run resumed with other kernels', () => {
  it.skipIf(inBrowser)('records the step after which other kernels computed its results', async () => {
    for (const kernels of [kernelsVersion, kernelsVersion - 1]) {
      const { db, runId } = await prepared({});
      const resume = (control: RunControl) =>
        runExperiment({ db, control, wasmBaseUrl: wasmBase, onEvents: () => undefined }, runId);
      const losing = new LosingControl(db, runId, (phase, call) => phase === 'train' && call >= 9);
      await expect(resume(losing)).rejects.toMatchObject({ details: { kind: 'gpu-device-lost' } });
      expect(await getRun(db, runId)).not.toHaveProperty('deviceChanges');
      await updateRun(db, runId, { kernelPlan: formatKernelPlan({ ...unmeasuredPlan('wasm'), kernels }) });
      await resume(new RunControl());
      const changes = kernels === kernelsVersion ? undefined : [6];
      expect(await getRun(db, runId)).toMatchObject({ status: 'done', ...(changes && { deviceChanges: changes }) });
      const reported = (await readEvents(db, runId, 0)).filter(({ type }) => type === 'deviceChanged');
      expect(reported.map((event) => 'step' in event && event.step)).toEqual(changes ?? []);
    }
  });
});

describe('recovery from device losses', () => {
  it('counts work as progress only beyond the furthest point reached', () => {
    const recovery = new DeviceRecovery();
    recovery.reached('checkpoint', 10);
    expect([1, 2, 3].map(() => recovery.mayGoOn())).toEqual([true, true, true]);
    recovery.reached('checkpoint', 10);
    expect(recovery.mayGoOn()).toBe(false);
    recovery.reached('checkpoint', 11);
    expect(recovery.mayGoOn()).toBe(true);
  });
});

describe('a run resumed on other rows', () => {
  it.skipIf(inBrowser)('is refused before it trains, and keeps its checkpoint', async () => {
    const { db, runId } = await prepared({});
    const start = (control: RunControl) =>
      runExperiment({ db, control, wasmBaseUrl: wasmBase, onEvents: () => undefined }, runId);
    const stopping = new LosingControl(db, runId, (phase, call) => {
      if (phase === 'train' && call === 9) throw new Error('stopped');
      return false;
    });
    await expect(start(stopping)).rejects.toThrow('stopped');
    const stopped = await getRun(db, runId);
    expect(stopped?.rowsSha256).toMatch(/^[0-9a-f]{64}$/);
    const checkpoint = await latestCheckpoint(db, runId);
    expect(checkpoint?.step).toBeGreaterThan(0);

    await updateRun(db, runId, { rowsSha256: '0'.repeat(64) });
    await expect(start(new RunControl())).rejects.toMatchObject({ details: { kind: 'rows-changed', recorded: true } });
    expect(await getRun(db, runId)).toMatchObject({ status: 'failed', step: stopped?.step });
    expect(await latestCheckpoint(db, runId)).toEqual(checkpoint);

    await updateRun(db, runId, { rowsSha256: stopped?.rowsSha256 ?? '' });
    await start(new RunControl());
    expect((await getRun(db, runId))?.status).toBe('done');
  });
});
