import type { RunRecord } from '../domain/run';
import { app } from './app.svelte';
import { applyEvents, emptyRunView, type RunView } from '../domain/train/runView';
import { gateway } from './gateway';

/** Minimum time between two reads of the log. More than 4 redraws per second would not be noticed. */
const readIntervalMs = 250;

/** Follows a run by reading its event log, wherever it is executed: in this page, in another tab, or long ago. */
export class RunState {
  record = $state.raw<RunRecord | null>(null);
  /** Counts reads of the log. `view` is changed in place, so code that draws it must depend on this counter. */
  version = $state(0);
  /** Whether another tab is executing the run, so that this page can only watch. */
  elsewhere = $state(false);
  /** Whether this page's worker is executing the run. */
  here = $state(false);
  /**
   * True while the page does not yet know whether another tab is executing the run, or while the worker that did is
   * ending.
   */
  settling = $state(false);
  readonly view: RunView = emptyRunView();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading: Promise<void> | null = null;
  /** The read that follows the one under way. */
  #next: Promise<void> | null = null;

  /** `onStatus` is called when a read finds a different status than the previous read. */
  constructor(
    readonly runId: string,
    private readonly onStatus: () => void = () => undefined,
  ) {}

  /** Returns the view as of the newest read, and makes the caller depend on `version`. */
  current(): RunView {
    void this.version;
    return this.view;
  }

  /**
   * Whether a worker holds the run. A run that was paused when its page closed stays paused but is not active.
   * This is a getter because a `$derived` would belong to the first screen that follows the run, and would stop
   * updating when that screen closes.
   */
  get active(): boolean {
    const status = this.record?.status;
    return status === 'running' || status === 'queued' || (status === 'paused' && (this.here || this.elsewhere));
  }

  /** Whether the run is paused and no worker holds it, for example because its page was closed. */
  get resting(): boolean {
    return this.record?.status === 'paused' && !this.active;
  }

  /** Reads the log. A read that is under way may have begun before the caller's change, so another one follows it. */
  async refresh(): Promise<void> {
    const before = this.#reading ?? Promise.resolve();
    this.#next ??= before
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        return (this.#reading = this.#read());
      });
    await this.#next;
  }

  async #read(): Promise<void> {
    applyEvents(this.view, await gateway.readEvents(this.runId, this.view.nextSeq));
    const before = this.record?.status;
    this.record = (await gateway.getRun(this.runId)) ?? null;
    this.version += 1;
    if (before !== undefined && before !== this.record?.status) this.onStatus();
  }

  /** Call when new events were stored. Reads them soon, at most once per `readIntervalMs`. */
  notice(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void app.attempt(() => this.refresh());
    }, readIntervalMs);
  }
}
