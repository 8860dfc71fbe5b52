import { toAppError } from '../domain/errors';
import type { RunRecord } from '../domain/run';
import { app } from './app.svelte';
import { RunState } from './run.svelte';
import { router } from './router.svelte';
import { baseUrl, services } from './services';

const channelName = 'recallsmith-runs';

/** The running job of this page or of another tab, and all that can be done with runs. */
class JobsState {
  /** The run in the strip at the bottom. */
  current = $state.raw<RunState | null>(null);
  demo = $state.raw<{ done: number; of: number } | null>(null);
  /** Counts what happened to runs, so that lists and cards load again. */
  changes = $state(0);
  #channel = new BroadcastChannel(channelName);
  #known = new Map<string, RunState>();

  constructor() {
    this.#channel.onmessage = (message: MessageEvent<unknown>) => {
      if (typeof message.data === 'string') void app.attempt(() => this.#heardOf(message.data as string));
    };
  }

  readonly busyHere = $derived(
    this.demo !== null || (this.current !== null && this.current.active && !this.current.elsewhere),
  );

  /** The state that follows a run; one per run and page. */
  follow(runId: string): RunState {
    const known = this.#known.get(runId) ?? new RunState(runId);
    this.#known.set(runId, known);
    return known;
  }

  /** After a load: what storage calls running is either at work in another tab or was interrupted. */
  async boot(): Promise<void> {
    for (const stored of await services.listExperiments())
      for (const run of await services.listRuns(stored.experimentId)) await this.#settle(run);
  }

  async #settle(run: RunRecord): Promise<void> {
    if (run.status !== 'running' && run.status !== 'paused' && run.status !== 'queued') return;
    if (this.current?.runId === run.runId && !this.current.elsewhere) return;
    if (await services.isRunHeld(run.runId)) {
      const state = this.follow(run.runId);
      state.elsewhere = true;
      await state.refresh();
      state.startPolling();
      this.current ??= state;
      return;
    }
    await services.updateRun(run.runId, { status: 'interrupted' });
    this.changes += 1;
  }

  async #heardOf(runId: string): Promise<void> {
    const state = this.follow(runId);
    if (state === this.current && !state.elsewhere) return;
    state.elsewhere = await services.isRunHeld(runId);
    if (state.elsewhere && !this.busyHere) {
      state.startPolling();
      this.current = state;
    }
    await state.refresh();
    if (!state.elsewhere) {
      state.stop();
      if (state.record) await this.#settle(state.record);
      await state.refresh();
    }
    this.changes += 1;
  }

  #tell(runId: string): void {
    this.changes += 1;
    this.#channel.postMessage(runId);
  }

  /** Begins a new run of the experiment as it stands; returns its id as soon as it is written down. */
  async start(experimentId: string): Promise<string> {
    const gpu = await services.gpu();
    const runId = await gpu.createRun(experimentId, app.devicePreference);
    void this.carryOut(runId);
    return runId;
  }

  /** Starts or resumes; ends when the run is done, cancelled or failed. True when it is done. */
  async carryOut(runId: string): Promise<boolean> {
    const state = this.follow(runId);
    state.elsewhere = false;
    this.current = state;
    try {
      const gpu = await services.gpu();
      await state.refresh();
      this.#tell(runId);
      await gpu.startRun(runId, () => state.notice());
    } catch (thrown) {
      app.report(thrown);
      await this.#afterFailure(runId, thrown);
    }
    await app.attempt(() => state.refresh());
    this.#tell(runId);
    return state.record?.status === 'done';
  }

  /** A worker that died could not write down how its run ended. */
  async #afterFailure(runId: string, thrown: unknown): Promise<void> {
    if (toAppError(thrown).details.kind !== 'worker-crashed') return;
    await app.attempt(() => services.updateRun(runId, { status: 'interrupted' }));
  }

  async pause(runId: string): Promise<void> {
    await (await services.gpu()).pauseRun(runId);
    this.follow(runId).notice();
  }

  /** A run that is paused in this page goes on; one whose page was closed since is resumed from storage. */
  async goOn(runId: string): Promise<void> {
    if (this.current?.runId === runId && !this.current.elsewhere && this.current.record?.status === 'paused') {
      await (await services.gpu()).continueRun(runId);
      this.follow(runId).notice();
      return;
    }
    void this.carryOut(runId);
  }

  async cancel(runId: string): Promise<void> {
    const run = await services.getRun(runId);
    if (run?.status === 'interrupted' || run?.status === 'failed') {
      await services.updateRun(runId, { status: 'cancelled' });
      await this.follow(runId).refresh();
      this.#tell(runId);
      return;
    }
    await (await services.gpu()).cancelRun(runId);
  }

  /** The whole loop at one press: data, model, run. Goes to the result only when the user stayed to watch. */
  async runDemo(): Promise<void> {
    if (this.busyHere) return;
    this.demo = { done: 0, of: 0 };
    let experimentId: string;
    let runId: string;
    try {
      const data = await services.data();
      ({ experimentId } = await data.prepareDemo(baseUrl, (done, of) => (this.demo = { done, of })));
      runId = await (await services.gpu()).createRun(experimentId, app.devicePreference);
      router.go({ name: 'experiment', experimentId, stage: 'train' });
    } finally {
      this.demo = null;
    }
    const done = await this.carryOut(runId);
    const { route } = router;
    if (done && route.name === 'experiment' && route.experimentId === experimentId && route.stage === 'train')
      router.go({ name: 'experiment', experimentId, stage: 'evaluate' });
  }
}

export const jobs = new JobsState();
