import type { DeviceJob } from '../domain/deviceJob';
import { AppError } from '../domain/errors';

/**
 * What this page's GPU worker is busy with; another tab has a worker of its own. The worker refuses a second job by itself: known here, its buttons
 * can say so before they are pressed.
 */
class DeviceJobState {
  current = $state<DeviceJob | null>(null);

  /** Carries `work` out alone. Throws `device-busy`, which names what is at work. */
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
