import type { DeviceArray } from '../arrays';
import type { ArrayPool } from '../arrayPool';
import type { ScoreWindow } from './scoreWindows';

/**
 * Buffer for the scores of one window, or for their gradients. A window that is requested twice in a row is computed
 * only once. Terms that share a buffer have their own window objects.
 */
export class WindowBuffer {
  readonly #array: DeviceArray;
  #window: ScoreWindow | undefined;

  constructor(
    private readonly pool: ArrayPool,
    numbers: number,
  ) {
    this.#array = pool.allocate([numbers]);
  }

  compute(window: ScoreWindow, fill: (window: ScoreWindow, into: DeviceArray) => void): DeviceArray {
    const array = { ...this.#array, shape: [window.rows, window.columns] };
    if (this.#window !== window) fill(window, array);
    this.#window = window;
    return array; // [rows, columns], valid until another window is computed
  }

  free(): void {
    this.pool.free(this.#array);
  }
}
