import { toAppError, type AppError, type AppErrorDetails } from '../../../src/domain/errors';
import type { RunEvent, RunEventBody, RunStatus } from '../../../src/domain/run';
import type { AlarmWatch } from '../../../src/domain/train/alarmWatch';
import type { Database } from '../../../src/storage/database';
import { appendEvents } from '../../../src/storage/runEvents';
import { updateRun } from '../../../src/storage/runs';

/** Interval between stored batches of events: short enough for a live curve, and long enough not to slow the run. */
const batchMs = 250;
/** Minimum interval between progress events. Nobody would notice more frequent ones. */
const progressMs = 200;

type ProgressWhat = Extract<RunEventBody, { type: 'progress' }>['what'];

/** Event log of one run. Stores events first, then sends them to the page. */
export class RunLog {
  #waiting: { body: RunEventBody; at: number }[] = [];
  #tail: Promise<void> = Promise.resolve();
  #lastFlush = 0;
  #lastProgress = 0;
  #failure: AppError | null = null;

  private constructor(
    private readonly db: Database,
    private readonly runId: string,
    private readonly onEvents: (events: RunEvent[]) => void,
    private readonly watch?: AlarmWatch,
  ) {}

  /** Opens the log. `watch` sees each event, and the alarms that it returns follow that event in the log. */
  static open(
    db: Database,
    runId: string,
    onEvents: (events: RunEvent[]) => void,
    watch?: AlarmWatch,
  ): Promise<RunLog> {
    return Promise.resolve(new RunLog(db, runId, onEvents, watch));
  }

  /** Queues an event, and the alarms that it raises, for the next batch. Throws if storing an earlier batch failed. */
  append(body: RunEventBody): void {
    if (this.#failure !== null) throw this.#failure;
    const at = Date.now();
    this.#waiting.push({ body, at });
    for (const alarm of this.watch?.saw(body) ?? []) this.#waiting.push({ body: { type: 'alarm', ...alarm }, at });
    const now = performance.now();
    if (now - this.#lastFlush >= batchMs) this.#startFlush();
  }

  progress(what: ProgressWhat, done: number, of: number): void {
    const now = performance.now();
    if (now - this.#lastProgress < progressMs && done < of) return;
    this.#lastProgress = now;
    this.append({ type: 'progress', what, done, of });
  }

  /** Stores an event and all events queued before it, without waiting for the next batch. */
  async flushWith(body: RunEventBody): Promise<void> {
    this.append(body);
    await this.flush();
  }

  /** Stores the run's status in its record, then as an event. The page reads the record when it receives the event. */
  async status(status: RunStatus, error?: AppErrorDetails): Promise<void> {
    await updateRun(this.db, this.runId, { status, ...(error ? { error } : {}) });
    await this.flushWith({ type: 'status', status, ...(error ? { error } : {}) });
  }

  /**
   * Waits until pending batches are stored. A loop that never waits would starve storage, and the page would show old
   * steps.
   */
  async settle(): Promise<void> {
    await this.#tail;
    if (this.#failure !== null) throw this.#failure;
  }

  async flush(): Promise<void> {
    this.#startFlush();
    await this.settle();
  }

  async close(): Promise<void> {
    await this.flush();
  }

  #startFlush(): void {
    this.#lastFlush = performance.now();
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    this.#tail = this.#tail
      .then(() => this.#store(batch))
      .catch((thrown: unknown) => {
        this.#failure = toAppError(thrown);
      });
  }

  async #store(batch: { body: RunEventBody; at: number }[]): Promise<void> {
    const events = await appendEvents(this.db, this.runId, batch);
    const step = events.reduce((last, event) => (event.type === 'step' ? event.step : last), -1);
    if (step >= 0) await updateRun(this.db, this.runId, { step });
    this.onEvents(events);
  }
}
