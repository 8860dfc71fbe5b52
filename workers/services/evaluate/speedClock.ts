import type { SpeedProgress } from '../../../src/protocol/speedApi';
import type { RunControl } from '../train/runControl';

/** Elapsed time below which the time left is not estimated: the first steps also compile kernels. */
const firstEstimateMs = 1500;

/** Reports the progress of a measurement of `plannedMs`, and the time left at the pace so far. */
export class SpeedClock {
  #doneMs = 0;
  #shownMs = 0;
  readonly #begun = performance.now();

  constructor(
    private readonly plannedMs: number,
    private readonly control: RunControl,
    private readonly progress: (progress: SpeedProgress) => void,
  ) {}

  /** Call before each step, and between its parts with the planned time that they took. Throws `cancelled`. */
  async during({ what, id, size }: Pick<SpeedProgress, 'what' | 'id' | 'size'>, partMs = 0): Promise<void> {
    // A step may report less than the one before: warm-up rounds count for nothing.
    const done = (this.#shownMs = Math.min(this.plannedMs, Math.max(this.#shownMs, this.#doneMs + partMs)));
    const elapsed = performance.now() - this.#begun;
    const known = elapsed >= firstEstimateMs && done > 0;
    const leftMs = known ? (elapsed / done) * (this.plannedMs - done) : null;
    this.progress({ what, id, size, share: done / this.plannedMs, leftMs });
    await this.control.checkpoint();
  }

  /** Call after each step, with the time that was planned for it. */
  passed(ms: number): void {
    this.#doneMs += ms;
  }
}
