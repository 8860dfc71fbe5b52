/**
 * No submit should take longer. Browsers and drivers treat a GPU as hung after one to ten seconds, and the screen
 * freezes until the submit ends.
 */
export const longestSubmitMs = 500;
/** Target time, low enough that a submit slower than recent ones still stays under the maximum. */
const targetMs = longestSubmitMs / 2;
/** Number of recent submits whose rates are remembered. */
const remembered = 9;
/** A submit smaller than this share of a full one is ignored: most of its time is not spent on the device. */
const smallestShare = 1 / 8;
/** Each measurement raises the rate by at most this factor. */
const largestRise = 4;

/**
 * FLOPs per millisecond that any adapter of the kind reaches. Until times are known, submits are too small rather than
 * too long.
 */
const firstRate = { software: 1e6, hardware: 2e7 } as const;

/**
 * Decides when a submit has enough work. Work is counted in estimated FLOPs. How much fits is learned from the times of
 * earlier submits, without waiting for them. Where commands are split into submits never changes a result.
 */
export class SubmitPacer {
  #rate: number;
  #rates: number[] = [];
  #lastDone = -Infinity;
  /** The longest measured time of a submit, in milliseconds. */
  longestMs = 0;

  constructor(
    software: boolean,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#rate = software ? firstRate.software : firstRate.hardware;
  }

  /** Estimated FLOPs of a full submit. */
  get limit(): number {
    return this.#rate * targetMs;
  }

  /**
   * Call at each submit. Returns a callback to run when the device has finished it. `compiled`: kernels were compiled
   * for this submit, so its time is mostly compilation.
   */
  submitted(work: number, compiled = false): () => void {
    const at = this.now();
    const representative = !compiled && work >= this.limit * smallestShare;
    return () => {
      const done = this.now();
      // The device runs submits one at a time, so this one began when the previous one finished.
      const ms = Math.max(done - Math.max(at, this.#lastDone), 0.01);
      this.#lastDone = done;
      if (representative) this.#learn(work, ms);
    };
  }

  #learn(work: number, ms: number): void {
    this.longestMs = Math.max(this.longestMs, ms);
    const rate = work / ms;
    if (ms > longestSubmitMs) this.#rates = [rate];
    else this.#rates = [...this.#rates, rate].slice(-remembered);
    const sorted = this.#rates.toSorted((a, b) => a - b);
    const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? rate;
    this.#rate = Math.min(median, this.#rate * largestRise);
  }
}
