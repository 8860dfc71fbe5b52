import { type AppError, toAppError } from '../../../src/domain/errors';
import type { DeviceInfo } from '../../../src/domain/device';
import { deviceLost, deviceWebGpu, openDevice } from './openDevice';
import { EncodedTexts } from '../evaluate/encodedTexts';

/** Maximum number of consecutive device losses without progress. After more, another attempt is unlikely to help. */
const mostLosses = 3;

/** Keeps results on the host, where they survive a device loss, and counts the losses since the last progress. */
export class DeviceRecovery {
  readonly #reached = new Map<string, number>();
  readonly #vectors = new Map<string, EncodedTexts>();
  #lossesSinceProgress = 0;

  /** Records how far a task has got. Only a new maximum counts as progress; repeating lost work does not. */
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

  /** Returns the vectors stored under `key`, which names the texts and the weights. A new entry has no vectors yet. */
  vectors(key: string, texts: number, width: number): EncodedTexts {
    const known = this.#vectors.get(key);
    if (known) return known;
    const made = new EncodedTexts(texts, width);
    this.#vectors.set(key, made);
    return made;
  }

  /** Drops the vectors. Call it after an evaluation, or when another device would compute different ones. */
  forgetVectors(): void {
    this.#vectors.clear();
  }
}

/**
 * How long to wait for the report of a device loss. A readback may fail shortly before the browser reports the loss.
 */
const lossReportMs = 500;

/** Returns the device loss that caused the failure, or null if something else did. */
export async function deviceLossBehind(thrown: unknown): Promise<AppError | null> {
  const error = toAppError(thrown);
  if (error.details.kind === 'gpu-device-lost') return error;
  if (error.details.kind !== 'unexpected') return null;
  return Promise.race([deviceLost(), new Promise<null>((resolve) => setTimeout(resolve, lossReportMs, null))]);
}

/**
 * Whether the open device can't be used after a failure: a GPU keeps its first failure, and throws it at every readback
 * until it is closed. Waits for all submitted work. Throws `gpu-device-lost` if the device was lost.
 */
export async function isDeviceSpoilt({ details }: AppError): Promise<boolean> {
  if (details.kind === 'gpu-out-of-memory') return true;
  try {
    await deviceWebGpu()?.commands.finished();
    return false;
  } catch (thrown) {
    const loss = await deviceLossBehind(thrown);
    if (loss) throw loss;
    return true;
  }
}

/**
 * Delays before the attempts to reopen a device. The browser may offer no adapter until its GPU process has restarted.
 */
const reopenAfterMs = [0, 500, 2000, 5000];

/** Opens a device with the same backend as the lost one. Throws `loss` if none becomes available. */
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
