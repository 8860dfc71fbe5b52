import { AppError, toAppError } from '../domain/errors';
import type { Experiment } from '../domain/experiment';
import { unfinishedStatuses, type RunRecord } from '../domain/run';
import { app } from './app.svelte';
import { deviceJob } from './deviceJob.svelte';
import { newestPausedRun } from './newestPausedRun';
import { RunState } from './run.svelte';
import { router } from './router.svelte';
import { RunTabs } from './runTabs';
import { baseUrl, gateway } from './gateway';
import { whileAwake } from './wakeLock';

/** How often to read another tab's run and check its lock. */
const watchIntervalMs = 1500;
/** A run that was recorded less than this long ago may not hold its lock yet. */
const freshMs = 10_000;
/** How often to check the lock of a run that is being cancelled. */
const stopIntervalMs = 100;

/** The running job of this page or of another tab, and the actions on runs. */
class JobsState {
  /** The run shown in the strip at the bottom: the one being executed, else the newest paused one. */
  current = $state.raw<RunState | null>(null);
  demo = $state.raw<{ done: number; of: number } | null>(null);
  /** Counts changes of runs, so that lists and cards know when to reload. */
  changes = $state(0);
  #tabs = new RunTabs(
    (runId) => void app.attempt(() => this.#heardOf(runId)),
    (runId) => this.#own === runId,
  );
  #known = new Map<string, RunState>();
  #watched = new Map<string, ReturnType<typeof setInterval>>();
  /** The run that this page's worker is running. */
  #own: string | null = null;
  /** Resolves once the runs of closed pages are settled. Until then, a dying worker may hold a run's lock. */
  #booted: Promise<void> = Promise.resolve();

  /** Returns the state that follows a run. The page keeps one per run. */
  follow(runId: string): RunState {
    const known = this.#known.get(runId) ?? new RunState(runId, () => (this.changes += 1));
    this.#known.set(runId, known);
    return known;
  }

  /**
   * Call once after the page loads. Follows runs that another tab is executing and marks the others as interrupted. A
   * run that was paused when its page closed stays paused, because its checkpoint is of the step at which it paused.
   */
  boot(): Promise<void> {
    this.#booted = this.#settleAll();
    return this.#booted;
  }

  async #settleAll(): Promise<void> {
    for (const stored of await gateway.listExperiments())
      for (const run of await gateway.listRuns(stored.experimentId)) await this.#settle(run);
    await this.showPaused();
  }

  /** Shows the newest paused run in the strip unless a run is being executed. Call when one may have changed. */
  async showPaused(): Promise<void> {
    const run = await newestPausedRun();
    const state = run && this.follow(run.runId);
    await state?.refresh();
    if (this.#own !== null || this.current?.active) return;
    if (state || this.current?.resting) this.current = state;
  }

  async #settle(run: RunRecord): Promise<void> {
    if (!unfinishedStatuses.has(run.status)) return;
    if (this.#own === run.runId) return;
    const state = this.follow(run.runId);
    if (await this.#isElsewhere(state)) {
      state.elsewhere = true;
      await state.refresh();
      this.#watch(state);
      return;
    }
    if (run.status === 'paused') return;
    if (run.status === 'queued' && Date.now() - run.createdAt < freshMs) {
      this.#settleLater(run.runId);
      return;
    }
    await gateway.updateRun(run.runId, { status: 'interrupted' });
    await state.refresh();
    this.changes += 1;
  }

  async #isElsewhere(state: RunState): Promise<boolean> {
    const { runId } = state;
    try {
      return await this.#tabs.haveRun(
        runId,
        () => gateway.isRunHeld(runId),
        () => (state.settling = true),
      );
    } finally {
      state.settling = false;
    }
  }

  #settleLater(runId: string): void {
    const settle = async (): Promise<void> => {
      const run = await gateway.getRun(runId);
      if (run) await this.#settle(run);
    };
    setTimeout(() => void app.attempt(settle), freshMs);
  }

  async #heardOf(runId: string): Promise<void> {
    const state = this.follow(runId);
    if (this.#own === runId) return;
    state.elsewhere = await gateway.isRunHeld(runId);
    await state.refresh();
    if (state.elsewhere) this.#watch(state);
    else await this.#released(state);
    this.changes += 1;
  }

  /** Follows another tab's run until its lock is free. Polling is needed because a tab that dies sends no message. */
  #watch(state: RunState): void {
    if (deviceJob.current !== 'run') this.current = state;
    if (this.#watched.has(state.runId)) return;
    const timer = setInterval(() => void app.attempt(() => this.#look(state)), watchIntervalMs);
    this.#watched.set(state.runId, timer);
  }

  async #look(state: RunState): Promise<void> {
    await state.refresh();
    if (!state.elsewhere || !(await gateway.isRunHeld(state.runId))) await this.#released(state);
  }

  async #released(state: RunState): Promise<void> {
    clearInterval(this.#watched.get(state.runId));
    this.#watched.delete(state.runId);
    state.elsewhere = false;
    await state.refresh();
    if (state.record) await this.#settle(state.record);
    await state.refresh();
    await this.showPaused();
    this.changes += 1;
  }

  #tell(runId: string): void {
    this.changes += 1;
    this.#tabs.tellChanged(runId);
    void app.attempt(() => this.showPaused());
  }

  /** Starts a new run with the current settings. Returns its id as soon as it is recorded. Throws `device-busy`. */
  async start(experimentId: string): Promise<string> {
    // A run is worth keeping, so ask the browser not to clear storage. The settings screen shows the answer.
    void navigator.storage.persist();
    const runId = await deviceJob.during('run', () => this.#create(experimentId));
    void this.runToEnd(runId);
    return runId;
  }

  async #create(experimentId: string, trial?: Experiment, sweepId?: string): Promise<string> {
    return (await gateway.gpu()).createRun(experimentId, app.devicePreference, app.memoryBudget, trial, sweepId);
  }

  /**
   * Records a run of the experiment with other settings, which `runToEnd` starts. `sweepId` names the sweep that it
   * belongs to. Throws `device-busy`.
   */
  createTrial(experimentId: string, trial: Experiment, sweepId?: string): Promise<string> {
    return deviceJob.during('run', () => this.#create(experimentId, trial, sweepId));
  }

  /**
   * Starts or resumes a run and waits until it is done, cancelled or failed; a failure is reported. Returns whether the
   * run is done.
   */
  async runToEnd(runId: string): Promise<boolean> {
    const state = this.follow(runId);
    try {
      await deviceJob.during('run', () => this.#work(state));
    } catch (thrown) {
      app.report(thrown);
      await app.attempt(() => this.#afterFailure(state, thrown));
    }
    await app.attempt(() => state.refresh());
    this.#tell(runId);
    return state.record?.status === 'done';
  }

  async #work(state: RunState): Promise<void> {
    const { runId } = state;
    await this.#booted.catch(() => undefined);
    clearInterval(this.#watched.get(runId));
    this.#watched.delete(runId);
    this.#own = runId;
    state.elsewhere = false;
    state.here = true;
    this.current = state;
    app.runStarted();
    try {
      const gpu = await gateway.gpu();
      await state.refresh();
      this.#tell(runId);
      await whileAwake(() => gpu.startRun(runId, () => state.notice()));
    } finally {
      this.#own = null;
      state.here = false;
    }
  }

  /**
   * Marks a run as interrupted, and so resumable, if its stored status is still queued or running. This happens if the
   * worker died, refused the run or could not reach storage. A paused run stays paused.
   */
  async #afterFailure(state: RunState, thrown: unknown): Promise<void> {
    await state.refresh();
    if (!state.record || !unfinishedStatuses.has(state.record.status)) return;
    // The lock of a crashed worker is released a moment after the crash is noticed, so don't check it then.
    const crashed = toAppError(thrown).details.kind === 'worker-crashed';
    if (!crashed && (await gateway.isRunHeld(state.runId))) {
      state.elsewhere = true;
      this.#watch(state);
      return;
    }
    if (state.record.status !== 'paused') await gateway.updateRun(state.runId, { status: 'interrupted' });
  }

  async pause(runId: string): Promise<void> {
    await (await gateway.gpu()).pauseRun(runId);
    this.follow(runId).notice();
  }

  /** Continues a run that is paused in this page; resumes any other from storage. */
  async continueRun(runId: string): Promise<void> {
    if (this.#own === runId) {
      await (await gateway.gpu()).continueRun(runId);
      this.follow(runId).notice();
      return;
    }
    void this.#runToResult(runId);
  }

  async cancel(runId: string): Promise<void> {
    const run = await gateway.getRun(runId);
    const resting = run?.status === 'paused' && !(await gateway.isRunHeld(runId));
    if (resting || run?.status === 'interrupted' || run?.status === 'failed') {
      await gateway.updateRun(runId, { status: 'cancelled' });
      await this.follow(runId).refresh();
      this.#tell(runId);
      return;
    }
    await (await gateway.gpu()).cancelRun(runId);
  }

  /**
   * Cancels the experiment's run that this page is executing, if any, and waits until it has stopped. Throws
   * `run-elsewhere` if another tab is executing a run of the experiment.
   */
  async stopRunsOf(experimentId: string): Promise<void> {
    for (const { runId } of await gateway.listRuns(experimentId))
      if (await gateway.isRunHeld(runId)) await this.#stop(runId);
  }

  async #stop(runId: string): Promise<void> {
    if (this.#own !== runId) throw new AppError({ kind: 'run-elsewhere', runId });
    await (await gateway.gpu()).cancelRun(runId);
    while (await gateway.isRunHeld(runId)) await new Promise((resolve) => setTimeout(resolve, stopIntervalMs));
  }

  /** Runs the demo from data and model to the result, as an experiment of this name. Throws `device-busy`. */
  async runDemo(name: string): Promise<void> {
    await this.#runToResult(await deviceJob.during('run', () => this.#createDemo(name)));
  }

  /** Starts or resumes a run. When a demo run is done and the user is still watching it, opens its result. */
  async #runToResult(runId: string): Promise<void> {
    if (!(await this.runToEnd(runId))) return;
    const experimentId = this.follow(runId).record?.experimentId ?? '';
    const { route } = router;
    const watching = route.name === 'experiment' && route.experimentId === experimentId && route.stage === 'train';
    if (watching && (await gateway.getExperiment(experimentId))?.demo)
      router.go({ name: 'experiment', experimentId, stage: 'evaluate' });
  }

  /** Stores the demo as an experiment of this name, creates a run of it, and returns the run's id. */
  async #createDemo(name: string): Promise<string> {
    this.demo = { done: 0, of: 0 };
    try {
      const data = await gateway.data();
      const { experimentId } = await data.prepareDemo(baseUrl, name, (done, of) => (this.demo = { done, of }));
      const runId = await this.#create(experimentId);
      router.go({ name: 'experiment', experimentId, stage: 'train' });
      return runId;
    } finally {
      this.demo = null;
    }
  }
}

export const jobs = new JobsState();
