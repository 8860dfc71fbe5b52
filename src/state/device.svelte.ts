import type { DeviceInfo, DevicePreference } from '../domain/device';
import { roomIn } from '../storage/space';
import { gateway } from './gateway';

/** The device that a preference selects on this machine, and the browser's storage quota. */
class DeviceState {
  info = $state.raw<DeviceInfo | null>(null);
  asking = $state(false);
  storage = $state.raw<{ used: number; quota: number; persisted: boolean } | null>(null);

  /** Bytes that can still be stored; null if unknown. A run or an import that needs more is refused. */
  get room(): number | null {
    return this.storage && this.storage.quota > 0 ? roomIn(this.storage) : null;
  }

  async ask(preference: DevicePreference): Promise<void> {
    this.asking = true;
    this.info = null;
    try {
      this.info = await (await gateway.gpu()).describeDevice(preference);
    } finally {
      this.asking = false;
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
