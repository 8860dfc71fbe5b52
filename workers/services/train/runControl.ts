import { AppError } from '../../../src/domain/errors';

/**
 * Waits one macrotask. Wasm operations are synchronous, so without such waits no message (pause, cancel) would arrive
 * during a run.
 */
function yieldToMessages(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}

/** Receives pause and cancel requests from the page. A job checks for them between steps or blocks. */
export class RunControl {
  #cancelled = false;
  #pause: { promise: Promise<void>; release: () => void } | null = null;

  get paused(): boolean {
    return this.#pause !== null;
  }

  pause(): void {
    if (this.#pause) return;
    let release = (): void => undefined;
    const promise = new Promise<void>((resolve) => (release = resolve));
    this.#pause = { promise, release };
  }

  continue(): void {
    this.#pause?.release();
    this.#pause = null;
  }

  cancel(): void {
    this.#cancelled = true;
    this.continue();
  }

  /**
   * Lets queued messages (pause, cancel) be handled, then waits while the job is paused. Throws `cancelled` if the job
   * was cancelled.
   */
  async checkpoint(onPause?: () => Promise<void>, onContinue?: () => Promise<void>): Promise<void> {
    await yieldToMessages();
    if (this.#pause && !this.#cancelled) {
      await onPause?.();
      while (this.#pause) await this.#pause.promise;
      if (!this.#cancelled) await onContinue?.();
    }
    if (this.#cancelled) throw new AppError({ kind: 'cancelled' });
  }
}
