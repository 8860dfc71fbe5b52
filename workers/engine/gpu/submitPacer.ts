/** No submit should take longer: browsers and drivers take a GPU for hung after one to ten seconds, and the screen stands still meanwhile. */
export const longestSubmitMs = 500;
/** What is aimed at, so that a submit slower than the last ones still keeps to the longest. */
const targetMs = longestSubmitMs / 2;
/** Times of this many submits are remembered. */
const remembered = 9;
/** A submit of less than this share of a full one says little: most of its time is not the device's. */
const smallestShare = 1 / 8;
/** The rate rises at most so much by one time. */
const largestRise = 4;

/** FLOPs a millisecond that any adapter of its kind reaches: until times are known, submits are small rather than long. */
const firstRate = { software: 1e6, hardware: 2e7 } as const;

/**
 * Says when enough work is recorded for one submit. Work is counted in estimated FLOPs; how much of it fits is learned from the times of
 * earlier submits, which nobody waits for. Where commands are cut into submits changes no number.
 */
export class SubmitPacer {
  #rate: number;
  #rates: number[] = [];
  #lastDone = -Infinity;
  /** The longest time measured, in milliseconds. */
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
   * Call at the submit; gives what to call when the device has done it. `compiled`: kernels were compiled for it, and its time is mostly
   * theirs.
   */
  submitted(work: number, compiled = false): () => void {
    const at = this.now();
    const telling = !compiled && work >= this.limit * smallestShare;
    return () => {
      const done = this.now();
      // The device takes one submit after the other: this one began when the one before was done.
      const ms = Math.max(done - Math.max(at, this.#lastDone), 0.01);
      this.#lastDone = done;
      if (telling) this.#learn(work, ms);
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
