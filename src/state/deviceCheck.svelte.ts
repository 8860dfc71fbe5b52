import type { DevicePreference } from '../domain/device';
import { wrongTensor, type CheckProgress, type DeviceCheckState } from '../domain/deviceCheck/deviceCheck';
import { checkFailure } from '../domain/deviceCheck/failure';
import { AppError, toAppError } from '../domain/errors';
import { device } from './device.svelte';
import { deviceJob } from './deviceJob.svelte';
import { gateway } from './gateway';
import { Newest } from './newest';
import { remember, remembered } from './localChoices';

/** Remembers the keys of the adapters whose check the user declined. */
const declinedChoice = 'declinedChecks';

function firstDeclined(): string[] {
  return (remembered(declinedChoice) ?? '').split(' ').filter((key) => key !== '');
}

/** The check of the device that a preference selects. It keeps running when the user leaves the screen. */
export class DeviceChecking {
  known = $state.raw<DeviceCheckState | null>(null);
  progress = $state.raw<CheckProgress | null>(null);
  /** Whether a cancel was requested. The worker checks for it between steps. */
  cancelling = $state(false);
  #declined = $state.raw<string[]>(firstDeclined());
  readonly #newest = new Newest();

  /**
   * Whether to offer the check: once per adapter, and again if an adapter that failed is used with another browser
   * version or other kernels, which may work.
   */
  readonly offered = $derived.by(() => {
    if (this.known?.backend !== 'webgpu' || this.progress !== null) return false;
    const { check, current, key } = this.known;
    if (check) return !current && wrongTensor(check, 'full') !== null;
    return !this.#declined.includes(key);
  });

  async ask(preference: DevicePreference): Promise<void> {
    const read = async () => (await gateway.gpu()).deviceCheck(preference);
    await this.#newest.ask(read, (known) => (this.known = known));
  }

  /**
   * Runs the check, then reads the device's description again. Throws `device-busy`, or the reason why the check
   * stopped.
   */
  async run(preference: DevicePreference): Promise<void> {
    await deviceJob.during('check', () => this.#check(preference));
    await this.ask(preference);
    await device.ask(preference);
  }

  async #check(preference: DevicePreference): Promise<void> {
    this.progress = { phase: 'open', share: 0 };
    this.cancelling = false;
    try {
      const gpu = await gateway.gpu();
      // The worker ignores a cancel that arrives before its check has started.
      if (this.cancelling) return;
      await gpu.checkDevice(preference, (progress) => (this.progress = progress));
    } catch (thrown) {
      const { details } = toAppError(thrown);
      if (details.kind !== 'cancelled') throw new AppError(checkFailure(details), { cause: thrown });
    } finally {
      this.progress = null;
      this.cancelling = false;
    }
  }

  async cancel(): Promise<void> {
    this.cancelling = true;
    await (await gateway.gpu()).cancelCheck();
  }

  /** Stops offering the check of this adapter. It can still be started from the settings and the benchmark. */
  decline(): void {
    if (!this.known) return;
    this.#declined = [...this.#declined, this.known.key];
    remember(declinedChoice, this.#declined.join(' '));
  }
}

export const deviceCheck = new DeviceChecking();
