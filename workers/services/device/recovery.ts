import { type AppError, toAppError } from '../../../src/domain/errors';
import type { DeviceInfo } from '../../../src/domain/run';
import { deviceLost, openDevice } from '../../engine/device';
import { EncodedTexts } from '../evaluate/encodedTexts';

/** Limit on device losses without progress in between: beyond it, retrying is unlikely to help. */
const mostLosses = 3;

/** State that survives a device loss on the host, and the count of losses since the last progress. */
export class Recovery {
  readonly #reached = new Map<string, number>();
  readonly #vectors = new Map<string, EncodedTexts>();
  #lossesSinceProgress = 0;

  /** Records how far a task has come. Only a new maximum is progress; repeating lost work is not. */
  reached(what: string, value: number): void {
    if (value <= (this.#reached.get(what) ?? -1)) return;
    this.#reached.set(what, value);
    this.#lossesSinceProgress = 0;
  }

  /** Counts a loss. Returns false if the run should give up. */
  mayGoOn(): boolean {
    this.#lossesSinceProgress += 1;
    return this.#lossesSinceProgress <= mostLosses;
  }

  /** Returns the vectors stored under `key`, which names the texts and the weights. They are empty at first. */
  vectors(key: string, texts: number, width: number): EncodedTexts {
    const known = this.#vectors.get(key);
    if (known) return known;
    const made = new EncodedTexts(texts, width);
    this.#vectors.set(key, made);
    return made;
  }

  /** Drops the vectors, after an evaluation or when another device would compute different ones. */
  forgetVectors(): void {
    this.#vectors.clear();
  }
}

/** A readback may fail shortly before the browser reports the device loss that caused it. */
const lossReportMs = 500;

/** Returns the device loss that caused the failure, or null if something else did. */
export async function lossBehind(thrown: unknown): Promise<AppError | null> {
  const error = toAppError(thrown);
  if (error.details.kind === 'gpu-device-lost') return error;
  if (error.details.kind !== 'unexpected') return null;
  return Promise.race([deviceLost(), new Promise<null>((resolve) => setTimeout(resolve, lossReportMs, null))]);
}

/** Waits before each attempt to reopen: the browser may offer no adapter until its GPU process has restarted. */
const reopenAfterMs = [0, 500, 2000, 5000];

/** Opens a device with the backend of the lost one. Throws `loss` if none becomes available. */
export async function reopenDevice(lost: DeviceInfo, wasmBaseUrl: string, loss: AppError): Promise<DeviceInfo> {
  for (const ms of reopenAfterMs) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    try {
      return { ...(await openDevice(lost.backend, wasmBaseUrl)), reason: lost.reason };
    } catch (thrown) {
      if (toAppError(thrown).details.kind !== 'gpu-unavailable') throw thrown;
    }
  }
  throw loss;
}

/** Whether both devices compute the same bits, as far as their descriptions show. */
export function isSameDevice(a: DeviceInfo, b: DeviceInfo): boolean {
  const said = [a.relaxedSimd, b.relaxedSimd].filter((relaxed) => relaxed !== undefined);
  return a.backend === b.backend && JSON.stringify(a.adapter) === JSON.stringify(b.adapter) && new Set(said).size < 2;
}
