import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { formatKernelPlan, kernelsVersion, unmeasuredPlan } from '../../src/domain/kernelPlan';
import { latestCheckpoint } from '../../src/storage/checkpoints';
import { readEvents } from '../../src/storage/runEvents';
import { getRun, updateRun } from '../../src/storage/runs';
import { DeviceRecovery } from '../../workers/services/device/deviceRecovery';
import { RunControl } from '../../workers/services/train/runControl';
import { runExperiment } from '../../workers/services/train/runExperiment';
import { inBrowser, wasmBase } from './environment';
import { carriedOut, LosingControl } from './losingRun';
import { prepared } from './smallRun';

// On software WebGPU each new device compiles all kernels again, which takes half a minute, so only one test runs
// there.
const skipped = '(skipped in a browser: each new device compiles all kernels)';

describe('a run whose device is lost', () => {
  it.skipIf(inBrowser)(
    `resumes at the last encoded block or the last checkpoint and ends with the same results ${skipped}`,
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

  it.skipIf(inBrowser)(
    `fails with gpu-device-lost after four losses in a row without progress ${skipped}`,
    async () => {
      const { failure, record, lost } = await carriedOut((phase, call) => phase === 'train' && call >= 3);
      expect(failure).toMatchObject({ details: { kind: 'gpu-device-lost' } });
      expect(record).toMatchObject({ status: 'failed', deviceLosses: 4, error: { kind: 'gpu-device-lost' } });
      expect(lost).toBe(4);
    },
  );
});

describe('a run resumed with other kernels', () => {
  it.skipIf(inBrowser)(`records the step after which other kernels computed its results ${skipped}`, async () => {
    for (const kernels of [kernelsVersion, kernelsVersion - 1]) {
      const { db, runId } = await prepared({});
      const resume = (control: RunControl) =>
        runExperiment({ db, control, build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined }, runId);
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

describe('a run resumed on other rows', () => {
  it.skipIf(inBrowser)(`is refused before it trains, and keeps its checkpoint ${skipped}`, async () => {
    const { db, runId } = await prepared({});
    const start = (control: RunControl) =>
      runExperiment({ db, control, build: 'test', wasmBaseUrl: wasmBase, onEvents: () => undefined }, runId);
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
