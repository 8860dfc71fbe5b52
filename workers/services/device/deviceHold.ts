import type { DeviceJob } from '../../../src/domain/deviceJob';
import { AppError } from '../../../src/domain/errors';
import { RunControl } from '../train/runControl';

/** What is at work; runs have an id each. */
type Work = { job: 'run'; runId: string } | { job: Exclude<DeviceJob, 'run'> };

/** Who has the worker's one device: whoever else would open it meanwhile would close it under the feet of the one at work. */
export class DeviceHold {
  #held: (Work & { control: RunControl }) | null = null;

  /** Carries `work` out alone. Throws `device-busy`, which names what is at work. */
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

  /** Throws `not-found` where this run is not at work. */
  controlOfRun(runId: string): RunControl {
    if (this.#held?.job === 'run' && this.#held.runId === runId) return this.#held.control;
    throw new AppError({ kind: 'not-found', what: 'run', id: runId });
  }

  /** Null where none is at work: it may just have ended by itself. */
  get benchmark(): RunControl | null {
    return this.#held?.job === 'benchmark' ? this.#held.control : null;
  }
}
