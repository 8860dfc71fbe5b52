import { type AppError, toAppError } from '../../../src/domain/errors';
import type { DeviceInfo } from '../../../src/domain/run';
import { deviceLost, openDevice } from '../../engine/device';
import { EncodedTexts } from '../evaluate/encodedTexts';

/** A run that loses its device so often without getting further in between would only go on losing it. */
const mostLosses = 3;

/** What a run keeps on the host while a device is lost, and how often it may still lose one. */
export class Recovery {
  readonly #reached = new Map<string, number>();
  readonly #vectors = new Map<string, EncodedTexts>();
  #lossesSinceProgress = 0;

  /** Says how far something has come. Only further than ever before is progress: work that is done once more is not. */
  reached(what: string, value: number): void {
    if (value <= (this.#reached.get(what) ?? -1)) return;
    this.#reached.set(what, value);
    this.#lossesSinceProgress = 0;
  }

  /** Counts a loss; false where the run should give up. */
  mayGoOn(): boolean {
    this.#lossesSinceProgress += 1;
    return this.#lossesSinceProgress <= mostLosses;
  }

  /** The vectors of a list of texts by certain weights, as far as they were encoded before. */
  vectors(key: string, texts: number, width: number): EncodedTexts {
    const known = this.#vectors.get(key);
    if (known) return known;
    const made = new EncodedTexts(texts, width);
    this.#vectors.set(key, made);
    return made;
  }

  /** Gives the vectors back, once an evaluation is through or where another device would compute other ones. */
  forgetVectors(): void {
    this.#vectors.clear();
  }
}

/** A readback may fail before the browser has told why; it tells soon after. */
const tellMs = 500;

/** The loss of the device, where that is what the work failed of. */
export async function lossBehind(thrown: unknown): Promise<AppError | null> {
  const error = toAppError(thrown);
  if (error.details.kind === 'gpu-device-lost') return error;
  if (error.details.kind !== 'unexpected') return null;
  return Promise.race([deviceLost(), new Promise<null>((resolve) => setTimeout(resolve, tellMs, null))]);
}

/** The browser starts its GPU process anew: until then it may offer no adapter. */
const reopenAfterMs = [0, 500, 2000, 5000];

/** Opens a device of the kind that was lost, `loss` says how. Throws `loss` where none is had. */
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

/** Whether both compute the same bits, as far as can be told. */
export function isSameDevice(a: DeviceInfo, b: DeviceInfo): boolean {
  const said = [a.relaxedSimd, b.relaxedSimd].filter((relaxed) => relaxed !== undefined);
  return a.backend === b.backend && JSON.stringify(a.adapter) === JSON.stringify(b.adapter) && new Set(said).size < 2;
}
