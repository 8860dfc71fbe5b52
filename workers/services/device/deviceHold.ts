import type { DeviceJob } from '../../../src/domain/device';
import { AppError } from '../../../src/domain/errors';
import { RunControl } from '../train/runControl';

/** The job that is using the device. */
type Work = { job: 'run'; runId: string } | { job: Exclude<DeviceJob, 'run'> };

/** Exclusive lock on the worker's device: a second open would close it mid-job. */
export class DeviceHold {
  #held: (Work & { control: RunControl }) | null = null;

  /**
   * Runs `work` with exclusive use of the device. Throws `device-busy`, naming the current job, if the device is in
   * use.
   */
  async during<T>(what: Work, work: (control: RunControl) => Promise<T>): Promise<T> {
    if (this.#held) throw new AppError({ kind: 'device-busy', job: this.#held.job });
    const control = new RunControl();
    this.#held = { ...what, control };
    try {
      return await work(control);
    } finally {
      this.#held = null;
    }
  }

  /** Returns the control of a run in progress. Throws `not-found` if this run is not in progress. */
  controlOfRun(runId: string): RunControl {
    if (this.#held?.job === 'run' && this.#held.runId === runId) return this.#held.control;
    throw new AppError({ kind: 'not-found', what: 'run', id: runId });
  }

  /** Returns the control of a job, or null if it is not in progress, for example because it has just finished. */
  controlOf(job: 'benchmark' | 'check' | 'search' | 'mine' | 'blend' | 'compare' | 'speed' | 'map'): RunControl | null {
    return this.#held?.job === job ? this.#held.control : null;
  }
}
