import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError, type AppErrorDetails } from '../../../src/domain/errors';
import type { RunRecord, RunStatus } from '../../../src/domain/run';

const records = new Map<string, RunRecord>();
const held = new Set<string>();
const startRun = vi.fn<(runId: string) => Promise<void>>();
const cancelRun = vi.fn<(runId: string) => Promise<void>>();
const reported: AppErrorDetails[] = [];
let demo = false;
let deleted = false;

const write = (runId: string, status: RunStatus): void =>
  void records.set(runId, { runId, experimentId: 'e', status, createdAt: Date.now() } as RunRecord);

vi.mock('../../../src/state/gateway', () => ({
  baseUrl: 'http://127.0.0.1/',
  gateway: {
    gpu: () => Promise.resolve({ startRun, cancelRun, createRun: () => Promise.resolve((write('r', 'queued'), 'r')) }),
    getRun: (runId: string) => Promise.resolve(records.get(runId)),
    readEvents: () => Promise.resolve([]),
    isRunHeld: (runId: string) => Promise.resolve(held.has(runId)),
    getExperiment: (experimentId: string) => Promise.resolve({ experimentId, demo: experimentId === 'e' && demo }),
    listExperiments: () => Promise.resolve(deleted ? [] : [{ experimentId: 'e' }]),
    listRuns: () => Promise.resolve([...records.values()]),
    updateRun: (runId: string, change: { status: RunStatus }) => Promise.resolve(write(runId, change.status)),
  },
}));
vi.mock('../../../src/state/app.svelte', () => ({
  app: {
    report: (thrown: AppError) => void reported.push(thrown.details),
    runStarted: () => void (reported.length = 0),
    attempt: (work: () => Promise<unknown>) => work(),
  },
}));
vi.mock('../../../src/state/wakeLock', () => ({ whileAwake: (work: () => Promise<unknown>) => work() }));
const router = { route: { name: 'experiment', experimentId: 'e', stage: 'train' }, go: vi.fn() };
vi.mock('../../../src/state/router.svelte', () => ({ router }));
/** Answers a message of this tab in place of another tab. */
let otherTab: (message: object) => object | null = () => null;
vi.stubGlobal(
  'BroadcastChannel',
  class {
    onmessage: (message: { data: object }) => void = () => undefined;
    postMessage = (message: object) => {
      const data = otherTab(message);
      if (data) this.onmessage({ data });
    };
  },
);
vi.stubGlobal('navigator', { storage: { persist: () => Promise.resolve(true) } });
const { jobs } = await import('../../../src/state/jobs.svelte');
const { deviceJob } = await import('../../../src/state/deviceJob.svelte');

beforeEach(() => {
  records.clear();
  held.clear();
  reported.length = 0;
  startRun.mockReset();
  router.go.mockReset();
  router.route.stage = 'train';
  demo = false;
  deleted = false;
  otherTab = () => null;
});
afterEach(() => void vi.useRealTimers());

describe('a run', () => {
  it('is not stored while the device is being measured, and the refusal names the benchmark', async () => {
    let finish = (): void => undefined;
    const measuring = deviceJob.during('benchmark', () => new Promise<void>((resolve) => (finish = resolve)));
    await expect(jobs.start('e')).rejects.toMatchObject({ details: { kind: 'device-busy', job: 'benchmark' } });
    await expect(jobs.runDemo('demo')).rejects.toMatchObject({ details: { kind: 'device-busy', job: 'benchmark' } });
    expect(records.size).toBe(0);
    finish();
    await measuring;
    expect(deviceJob.current).toBeNull();
  });

  it.each<AppErrorDetails>([
    { kind: 'device-busy', job: 'export' },
    { kind: 'storage-failed', reason: 'closed' },
    { kind: 'worker-crashed', worker: 'gpu', reason: 'gone' },
  ])('that could not start can be resumed, and the device counts as free: $kind', async (details) => {
    startRun.mockRejectedValueOnce(new AppError(details));
    await jobs.start('e');
    await vi.waitFor(() => expect(jobs.follow('r').record?.status).toBe('interrupted'));
    expect(reported).toEqual([details]);
    expect(jobs.current?.active).toBe(false);
    expect(deviceJob.current).toBeNull();
    startRun.mockImplementationOnce((runId) => Promise.resolve(write(runId, 'done')));
    // The error no longer applies once the run has been resumed.
    await expect(jobs.runToEnd('r')).resolves.toBe(true);
    expect(reported).toEqual([]);
  });

  it('stored as failed stays failed', async () => {
    startRun.mockImplementationOnce((runId) => {
      write(runId, 'failed');
      return Promise.reject(new AppError({ kind: 'gpu-out-of-memory' }));
    });
    await jobs.start('e');
    await vi.waitFor(() => expect(jobs.follow('r').record?.status).toBe('failed'));
  });

  it('of another tab is only watched', async () => {
    write('r', 'running');
    held.add('r');
    startRun.mockRejectedValueOnce(new AppError({ kind: 'run-elsewhere', runId: 'r' }));
    await expect(jobs.runToEnd('r')).resolves.toBe(false);
    expect(jobs.follow('r').elsewhere).toBe(true);
    expect(records.get('r')?.status).toBe('running');
  });

  it('that the page before a reload still holds is never shown as another tab’s, and can be resumed', async () => {
    write('reloaded', 'running');
    held.add('reloaded');
    const booting = jobs.boot();
    const run = jobs.follow('reloaded');
    await run.refresh();
    await vi.waitFor(() => expect(run.settling).toBe(true));
    expect(run.elsewhere).toBe(false);
    held.delete('reloaded');
    await booting;
    expect([run.settling, run.elsewhere, records.get('reloaded')?.status]).toEqual([false, false, 'interrupted']);
    // The screen may have read the record while the worker was ending.
    expect(run.record?.status).toBe('interrupted');
  });

  it('that the page before a reload still holds is resumed once it is free', async () => {
    write('reloaded', 'running');
    held.add('reloaded');
    const booting = jobs.boot();
    startRun.mockImplementation((runId) =>
      held.has(runId)
        ? Promise.reject(new AppError({ kind: 'run-elsewhere', runId }))
        : Promise.resolve(write(runId, 'done')),
    );
    const resumed = jobs.runToEnd('reloaded');
    await vi.waitFor(() => expect(jobs.follow('reloaded').settling).toBe(true));
    held.delete('reloaded');
    await booting;
    await expect(resumed).resolves.toBe(true);
    expect([reported, records.get('reloaded')?.status]).toEqual([[], 'done']);
  });

  it('that another tab says it is executing is watched as soon as the page has loaded', async () => {
    write('there', 'running');
    held.add('there');
    otherTab = (message) => ('who' in message ? { here: message.who } : null);
    await jobs.boot();
    expect([jobs.follow('there').elsewhere, jobs.follow('there').settling]).toEqual([true, false]);
    expect(records.get('there')?.status).toBe('running');
  });

  it('left in the queue by a tab that just died can be resumed within 20 seconds', async () => {
    vi.useFakeTimers();
    write('q', 'queued');
    await jobs.boot();
    expect(records.get('q')?.status).toBe('queued');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(records.get('q')?.status).toBe('interrupted');
  });

  it('paused when its page was closed stays paused, does not block a new run, and can be continued or cancelled', async () => {
    write('p', 'paused');
    await jobs.boot();
    const run = jobs.follow('p');
    await run.refresh();
    expect([run.record?.status, run.active]).toEqual(['paused', false]);
    startRun.mockImplementationOnce((runId) => Promise.resolve(write(runId, 'done')));
    await jobs.continueRun('p');
    await vi.waitFor(() => expect(run.record?.status).toBe('done'));
    expect(startRun).toHaveBeenCalledWith('p', expect.anything());
    write('p', 'paused');
    await jobs.cancel('p');
    expect(records.get('p')?.status).toBe('cancelled');
  });

  it('paused when its page was closed is shown in the strip until it ends, is cancelled or is deleted', async () => {
    const shown = () => jobs.current?.resting === true && jobs.current.runId;
    records.set('old', { runId: 'old', experimentId: 'e', status: 'paused', createdAt: 1 } as RunRecord);
    records.set('new', { runId: 'new', experimentId: 'e', status: 'paused', createdAt: 2 } as RunRecord);
    await jobs.boot();
    expect(shown()).toBe('new');
    // A run that is executed takes the place of the paused one until it ends.
    let finish = (): void => undefined;
    startRun.mockImplementationOnce(() => new Promise((resolve) => (finish = resolve)));
    await jobs.start('e');
    await vi.waitFor(() => expect([jobs.current?.runId, jobs.current?.active]).toEqual(['r', true]));
    await jobs.showPaused();
    expect(jobs.current?.runId).toBe('r');
    write('r', 'done');
    finish();
    await vi.waitFor(() => expect(shown()).toBe('new'));
    await jobs.cancel('new');
    await vi.waitFor(() => expect(shown()).toBe('old'));
    deleted = true;
    await jobs.showPaused();
    expect(jobs.current).toBeNull();
    deleted = false;
    await jobs.showPaused();
    expect(shown()).toBe('old');
  });

  it('paused in this page stays paused if the worker dies', async () => {
    startRun.mockImplementationOnce((runId) => {
      write(runId, 'paused');
      return Promise.reject(new AppError({ kind: 'worker-crashed', worker: 'gpu', reason: 'gone' }));
    });
    await jobs.start('e');
    await vi.waitFor(() => expect(deviceJob.current).toBeNull());
    expect(records.get('r')?.status).toBe('paused');
  });

  it('paused in another tab is watched until that tab closes', async () => {
    vi.useFakeTimers();
    write('p', 'paused');
    held.add('p');
    const booting = jobs.boot();
    // No tab answers, so the run counts as paused elsewhere only after a while.
    await vi.advanceTimersByTimeAsync(11_000);
    await booting;
    expect(jobs.follow('p').active).toBe(true);
    expect(jobs.follow('p').elsewhere).toBe(true);
    held.delete('p');
    await vi.advanceTimersByTimeAsync(4000);
    expect(jobs.follow('p').active).toBe(false);
    expect(records.get('p')?.status).toBe('paused');
  });

  it('causes lists of runs to reload when its status changes', async () => {
    let finish = (): void => undefined;
    startRun.mockImplementationOnce(() => new Promise((resolve) => (finish = resolve)));
    await jobs.start('e');
    await vi.waitFor(() => expect(jobs.follow('r').record?.status).toBe('queued'));
    const before = jobs.changes;
    write('r', 'running');
    await jobs.follow('r').refresh();
    expect(jobs.changes).toBe(before + 1);
    await jobs.follow('r').refresh();
    expect(jobs.changes).toBe(before + 1);
    write('r', 'done');
    finish();
    await vi.waitFor(() => expect(deviceJob.current).toBeNull());
  });
});

describe('an interrupted run that is resumed', () => {
  const resumed = async () => {
    write('i', 'interrupted');
    startRun.mockImplementationOnce((runId) => Promise.resolve(write(runId, 'done')));
    await jobs.continueRun('i');
    await vi.waitFor(() => expect(jobs.follow('i').record?.status).toBe('done'));
    await new Promise((resolve) => setTimeout(resolve));
  };

  it('leads to its result if it is the demo and the user is still watching it', async () => {
    demo = true;
    await resumed();
    expect(router.go).toHaveBeenCalledWith({ name: 'experiment', experimentId: 'e', stage: 'evaluate' });
  });

  it('does not move a user who is looking at something else, or if it is not the demo', async () => {
    await resumed();
    demo = true;
    router.route.stage = 'split';
    await resumed();
    expect(router.go).not.toHaveBeenCalled();
  });
});

describe('stopping the runs of an experiment before it is deleted', () => {
  it('cancels the run of this page and waits until it has stopped', async () => {
    let finish = (): void => undefined;
    startRun.mockImplementationOnce(() => new Promise((resolve) => (finish = resolve)));
    await jobs.start('e');
    await vi.waitFor(() => expect(startRun).toHaveBeenCalled());
    held.add('r');
    let stopped = false;
    cancelRun.mockImplementationOnce(() => Promise.resolve(void setTimeout(() => held.delete('r'), 150)));
    const stopping = jobs.stopRunsOf('e').then(() => (stopped = true));
    await vi.waitFor(() => expect(cancelRun).toHaveBeenCalledWith('r'));
    expect(stopped).toBe(false);
    await stopping;
    write('r', 'cancelled');
    finish();
    await vi.waitFor(() => expect(deviceJob.current).toBeNull());
  });

  it('is refused while another tab is executing a run', async () => {
    write('r', 'running');
    held.add('r');
    await expect(jobs.stopRunsOf('e')).rejects.toMatchObject({ details: { kind: 'run-elsewhere', runId: 'r' } });
  });
});
