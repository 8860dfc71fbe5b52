import type { RunRecord } from '../domain/run';
import { app } from './app.svelte';
import { applyEvents, emptyRunView, type RunView } from '../domain/train/runView';
import { gateway } from './gateway';

/** Not more often than this does the page look into the log: drawing more often than 4 times a second shows nothing more. */
const readIntervalMs = 250;

/** Follows one run by its event log; the same for a run of this page, of another tab, and of last week. */
export class RunState {
  record = $state.raw<RunRecord | null>(null);
  /** Counts readings of the log: what draws `view` depends on it. */
  version = $state(0);
  /** Carried out by another tab: it can be watched only. */
  elsewhere = $state(false);
  readonly view: RunView = emptyRunView();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading: Promise<void> | null = null;

  constructor(readonly runId: string) {}

  /** The view as of the newest reading. */
  current(): RunView {
    void this.version;
    return this.view;
  }

  /** No derived: it would belong to the screen that followed the run first, and stand still once that screen is gone. */
  get active(): boolean {
    const status = this.record?.status;
    return status === 'running' || status === 'paused' || status === 'queued';
  }

  async refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    await this.#reading;
  }

  async #read(): Promise<void> {
    applyEvents(this.view, await gateway.readEvents(this.runId, this.view.nextSeq));
    this.record = (await gateway.getRun(this.runId)) ?? null;
    this.version += 1;
  }

  /** New events were stored: read them, but not more often than they can be seen. */
  notice(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void app.attempt(() => this.refresh());
    }, readIntervalMs);
  }
}
