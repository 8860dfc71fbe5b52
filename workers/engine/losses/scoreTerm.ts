import { rowsOf, type DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { matmul } from '../ops/matmul/matmul';
import { matmulChunk } from '../ops/matmul/matmulChunk';
import { largestWindowScores, scoreWindows, type ScoreWindow } from './scoreWindows';

/** Scores of unit vectors x [B, E] with y [N, E], computed window by window. */
export class ScoreTerm {
  readonly windows: { byRow: ScoreWindow[]; byColumn: ScoreWindow[] };
  readonly #chunks: Record<'scores' | 'ofX' | 'ofY', number>;

  /** `plane` is the term's plane of log Σ exp in the statistics. `guide` scores the same texts with other vectors. */
  constructor(
    private readonly engine: Engine,
    readonly plane: number,
    private readonly x: DeviceArray,
    private readonly y: DeviceArray,
    maxScores: number | undefined,
    readonly guide?: ScoreTerm,
  ) {
    const [B = 0, E = 0] = x.shape;
    const [N = 0] = y.shape;
    this.windows = scoreWindows(B, N, maxScores);
    // Chunk sizes are those of the whole batch, because the window size must not change the order of a sum.
    this.#chunks = {
      scores: matmulChunk({ rows: B, columns: N, depth: E }),
      ofX: matmulChunk({ rows: B, columns: E, depth: N }),
      ofY: matmulChunk({ rows: N, columns: E, depth: B }),
    };
  }

  get largestWindow(): number {
    return Math.max(largestWindowScores(this.windows.byRow), largestWindowScores(this.windows.byColumn));
  }

  scores({ firstRow, rows, firstColumn, columns }: ScoreWindow, into: DeviceArray): void {
    const [a, c] = [rowsOf(this.x, firstRow, rows), rowsOf(this.y, firstColumn, columns)];
    matmul(this.engine, 'NT', a, c, into, { chunk: this.#chunks.scores });
  }

  /**
   * Writes dx = α·dS·y and dy = α·dSᵀ·x, or adds to them. `gradient` returns dS of a window. `dx` and `dy` may be the
   * same array, since dx is complete before dy begins.
   */
  backward(
    gradient: (window: ScoreWindow) => DeviceArray,
    dx: DeviceArray,
    dy: DeviceArray,
    { alpha, accumulate }: { alpha: number; accumulate: boolean },
  ): void {
    const options = { alpha, accumulate };
    for (const window of this.windows.byRow) {
      const into = rowsOf(dx, window.firstRow, window.rows);
      matmul(this.engine, 'NN', gradient(window), this.y, into, { ...options, chunk: this.#chunks.ofX });
    }
    for (const window of this.windows.byColumn) {
      const into = rowsOf(dy, window.firstColumn, window.columns);
      matmul(this.engine, 'TN', gradient(window), this.x, into, { ...options, chunk: this.#chunks.ofY });
    }
  }
}
