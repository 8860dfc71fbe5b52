import type { DeviceJob } from '../domain/device';
import { AppError } from '../domain/errors';

/**
 * The current job of this page's GPU worker; other tabs have their own workers. The worker refuses a second job;
 * knowing the job here lets the page disable its buttons with a reason.
 */
class DeviceJobState {
  current = $state<DeviceJob | null>(null);

  /** Runs `work` as the only job. Throws `device-busy`, which names the current job, if another job is running. */
  async during<T>(job: DeviceJob, work: () => Promise<T>): Promise<T> {
    if (this.current !== null) throw new AppError({ kind: 'device-busy', job: this.current });
    this.current = job;
    try {
      return await work();
    } finally {
      this.current = null;
    }
  }
}

export const deviceJob = new DeviceJobState();
