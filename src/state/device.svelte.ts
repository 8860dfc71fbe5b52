import type { DeviceReport } from '../domain/benchmark/deviceReport';
import type { DeviceInfo, DevicePreference } from '../domain/device';
import { toAppError, type AppErrorDetails } from '../domain/errors';
import { roomIn } from '../storage/space';
import { gateway } from './gateway';
import { Newest } from './newest';

/** The device that a preference selects on this machine, and the browser's storage quota. */
class DeviceState {
  info = $state.raw<DeviceInfo | null>(null);
  /** What the device can train. */
  report = $state.raw<DeviceReport | null>(null);
  /** Why there is no report, such as a preferred device that this machine lacks. */
  problem = $state.raw<AppErrorDetails | null>(null);
  asking = $state(false);
  /** Not a state: an effect that asks must not run again when the answer comes. */
  #questions = 0;
  readonly #newest = new Newest();
  readonly #newestReport = new Newest();
  storage = $state.raw<{ used: number; quota: number; persisted: boolean } | null>(null);

  /** Bytes that can still be stored; null if unknown. A run or an import that needs more is refused. */
  get room(): number | null {
    return this.storage && this.storage.quota > 0 ? roomIn(this.storage) : null;
  }

  async ask(preference: DevicePreference): Promise<void> {
    this.#questions += 1;
    this.asking = true;
    this.info = null;
    const read = async () => (await gateway.gpu()).describeDevice(preference);
    try {
      await this.#newest.ask(read, (info) => (this.info = info));
    } finally {
      this.#questions -= 1;
      this.asking = this.#questions > 0;
    }
  }

  /** Asks for the report. If that fails, keeps the error as `problem` instead. */
  async askReport(preference: DevicePreference, budgetBytes: number | null): Promise<void> {
    this.report = null;
    this.problem = null;
    const read = async () => (await gateway.gpu()).reportDevice(preference, budgetBytes);
    try {
      await this.#newestReport.ask(read, (report) => (this.report = report));
    } catch (thrown) {
      this.problem = toAppError(thrown).details;
    }
  }

  async loadStorage(): Promise<void> {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    this.storage = { used: usage, quota, persisted: await navigator.storage.persisted() };
  }

  async persist(): Promise<boolean> {
    const granted = await navigator.storage.persist();
    await this.loadStorage();
    return granted;
  }
}

export const device = new DeviceState();
