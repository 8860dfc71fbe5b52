import { lowerMedian } from '../../../src/domain/lowerMedian';

/**
 * Maximum duration of a submit. Browsers and drivers treat a GPU as hung after one to ten seconds, and the screen
 * freezes until the submit ends.
 */
export const maxSubmitMs = 500;
/** Target duration of a submit, low enough that a submit slower than recent ones still stays under the maximum. */
const targetMs = maxSubmitMs / 2;
/** Number of recent submits whose median rate is used. */
const maxRates = 9;
/** Submits smaller than this share of a full one are not measured, because most of their time is overhead. */
const minMeasuredShare = 1 / 8;
/** Maximum factor by which one measurement raises the rate. */
const maxRise = 4;

/**
 * FLOPs per millisecond assumed until a submit has been measured. Every adapter of that kind reaches this rate, so the
 * first submits are too short rather than too long.
 */
const firstRate = { software: 1e6, hardware: 2e7 } as const;

/**
 * Decides when a submit contains enough work, counted in estimated FLOPs. Learns from the times of earlier submits how
 * much fits, without waiting for them. Splitting commands into submits never changes a result.
 */
export class SubmitPacer {
  #rate: number;
  #rates: number[] = [];
  #lastDone = -Infinity;
  /** The longest measured time of a submit, in milliseconds. */
  maxMeasuredMs = 0;

  constructor(
    software: boolean,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#rate = software ? firstRate.software : firstRate.hardware;
  }

  /** Maximum estimated FLOPs of a submit. */
  get maxFlops(): number {
    return this.#rate * targetMs;
  }

  /**
   * Call at each submit. Returns a callback to run when the device has finished the submit. If kernels were compiled
   * for it (`compiled`), the submit is not measured, because most of its time is compilation.
   */
  submitted(work: number, compiled = false): () => void {
    const at = this.now();
    const representative = !compiled && work >= this.maxFlops * minMeasuredShare;
    return () => {
      const done = this.now();
      // The device runs submits one at a time, so this one began when the previous one finished.
      const ms = Math.max(done - Math.max(at, this.#lastDone), 0.01);
      this.#lastDone = done;
      if (representative) this.#learn(work, ms);
    };
  }

  #learn(work: number, ms: number): void {
    this.maxMeasuredMs = Math.max(this.maxMeasuredMs, ms);
    const rate = work / ms;
    if (ms > maxSubmitMs) this.#rates = [rate];
    else this.#rates = [...this.#rates, rate].slice(-maxRates);
    this.#rate = Math.min(lowerMedian(this.#rates), this.#rate * maxRise);
  }
}
