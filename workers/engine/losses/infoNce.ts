import { largestWindowScores, scoreWindows, type ScoreWindow } from './scoreWindows';
import type { DeviceArray } from '../arrays';
import type { Loss } from './loss';
import type { ArrayPool } from '../arrayPool';
import type { Engine } from '../engine';
import { rowKernelGroups } from '../rowKernel';
import { matmul } from '../ops/matmul/matmul';
import { matmulChunk } from '../ops/matmul/matmulChunk';
import { infoNceGradientKernel, infoNceRowsKernel, infoNceColumnsKernel, infoNceNumbersKernel } from './infoNceKernels';

/** The numbers that `infoNce` writes. */
const infoNceNumbers = ['loss', 'inBatchAccuracy', 'positiveScore', 'negativeScore'] as const satisfies Loss['numbers'];
export const infoNceNumberCount = infoNceNumbers.length;

export interface InfoNceOptions {
  temperature: number;
  directions: 'queryToPassage' | 'both';
}

export interface InfoNceRunOptions extends InfoNceOptions {
  gradientScale?: number | undefined; // multiplies all gradients; 1 by default
  maxScores?: number; // maximum scores in memory at once; never changes a result
}

/** Returns InfoNCE as a loss of training steps. */
export function infoNceLoss(options: InfoNceOptions): Loss {
  return {
    numbers: infoNceNumbers,
    run(engine, { anchors, candidates }, targets, gradientScale, numbers) {
      return infoNce(engine, anchors, candidates, { ...options, gradientScale }, numbers, targets.leftOut);
    },
  };
}

/**
 * Loss and gradients of InfoNCE over cosines (van den Oord et al., arXiv 1807.03748, eq. 4; Henderson et al., arXiv
 * 1705.00652). Candidate i is the positive of anchor i; its negatives are the other anchors' positives (candidates
 * below B) and explicit negatives (from B on). L = mean_i −log softmax_j(cos(a_i, c_j)/τ)_i. `both` averages this loss
 * with the one from candidates i < B to all anchors. With P the softmax over rows and Q the softmax over columns: dS =
 * (P − I)/(B·τ), or the mean of that and (Q − I)/(B·τ); da = dS·c, dc = dSᵀ·a.
 *
 * Takes unit vectors: anchors [B, E], candidates [C, E]. Ignores the pairs in `leftOut` [B, ⌈C / 32⌉] (see
 * `lossMaskBits`). Writes `infoNceNumberCount` numbers and returns the gradients of the unit vectors. Scores are
 * computed window by window, so neither memory nor the binding limit caps B. Sums over candidates use windows of whole
 * rows, and sums over anchors use windows of whole columns, so the window size never changes the order of a sum.
 */
export function infoNce(
  engine: Engine,
  anchors: DeviceArray,
  candidates: DeviceArray,
  options: InfoNceRunOptions,
  numbers: DeviceArray,
  leftOut?: DeviceArray,
): { anchors: DeviceArray; candidates: DeviceArray } {
  const { pool } = engine;
  const { temperature, directions, gradientScale = 1, maxScores } = options;
  const [pairs = 0] = anchors.shape;
  const [columns = 0] = candidates.shape;
  const windows = scoreWindows(pairs, columns, maxScores);
  const largest = Math.max(largestWindowScores(windows.byRow), largestWindowScores(windows.byColumn));
  const products = productsOf(engine, anchors, candidates);
  const params = { pairs, temperature, both: directions === 'both' ? 1 : 0, words: leftOut?.shape[1] ?? 0 };
  const cosines = new WindowBuffer(pool, largest, ({ firstRow, rows, firstColumn, columns }, into) =>
    products.scores(rowsOf(anchors, firstRow, rows), rowsOf(candidates, firstColumn, columns), into),
  ); // [rows, columns]
  const stats = scoreStats(engine, cosines, windows, params, leftOut); // rowStats [B, 4], columnLse [B]
  lossNumbers(engine, stats, { ...params, columns }, numbers, leftOut);
  const dCosines = new WindowBuffer(pool, largest, (window, into) => {
    const scores = cosines.compute(window);
    const arrays = { cosines: scores, bits: leftOut ?? scores, ...stats, dCosines: into };
    const groups = Math.ceil((window.rows * window.columns) / 64);
    engine.commands.dispatch(infoNceGradientKernel, arrays, { ...params, ...window }, groups);
  }); // [rows, columns]
  const d = { anchors: pool.allocate(anchors.shape), candidates: pool.allocate(candidates.shape) };
  for (const window of windows.byRow) {
    const dScores = dCosines.compute(window);
    products.ofAnchors(dScores, rowsOf(d.anchors, window.firstRow, window.rows), gradientScale);
  }
  for (const window of windows.byColumn) {
    const dScores = dCosines.compute(window);
    products.ofCandidates(dScores, rowsOf(d.candidates, window.firstColumn, window.columns), gradientScale);
  }
  for (const buffer of [cosines, dCosines]) buffer.free();
  for (const array of [stats.rowStats, stats.columnLse]) pool.free(array);
  return d;
}

interface LossParams {
  pairs: number;
  temperature: number;
  both: number; // 1 for both directions, else 0
  words: number; // words of `leftOut` per anchor; 0 if nothing is left out
}

interface ScoreStats {
  rowStats: DeviceArray; // [B, 4]: log Σ exp(s/τ), the positive's score, the best score, sum of the negatives' scores
  columnLse: DeviceArray; // [B]: log Σ exp(s/τ) over the anchors; only written for both directions
}

function scoreStats(
  { pool, commands, traits }: Engine,
  cosines: WindowBuffer,
  { byRow, byColumn }: ReturnType<typeof scoreWindows>,
  params: LossParams,
  leftOut: DeviceArray | undefined,
): ScoreStats {
  const stats = { rowStats: pool.allocate([params.pairs, 4]), columnLse: pool.allocate([params.pairs]) };
  for (const window of byRow) {
    const scores = cosines.compute(window);
    // WebGPU requires an array for every binding; the kernels do not read `bits` if `words` is 0.
    const arrays = { cosines: scores, bits: leftOut ?? scores, rowStats: stats.rowStats };
    commands.dispatch(
      infoNceRowsKernel(traits),
      arrays,
      { ...params, ...window },
      rowKernelGroups(traits, window.rows),
    );
  }
  if (!params.both) return stats;
  for (const window of byColumn) {
    if (window.firstColumn >= params.pairs) continue; // explicit negatives have no `columnLse`
    const scores = cosines.compute(window);
    const arrays = { cosines: scores, bits: leftOut ?? scores, columnLse: stats.columnLse };
    commands.dispatch(infoNceColumnsKernel, arrays, { ...params, ...window }, Math.ceil(window.columns / 64));
  }
  return stats;
}

function lossNumbers(
  { commands, traits }: Engine,
  stats: ScoreStats,
  params: LossParams & { columns: number },
  numbers: DeviceArray,
  leftOut: DeviceArray | undefined,
): void {
  const arrays = { ...stats, bits: leftOut ?? stats.columnLse, numbers };
  commands.dispatch(infoNceNumbersKernel(traits), arrays, { ...params, rows: 1 }, 1);
}

/**
 * Buffer for the scores of one window, or for their gradients. If the same window is requested twice in a row, it is
 * computed only once.
 */
class WindowBuffer {
  readonly #array: DeviceArray;
  #window: ScoreWindow | undefined;

  constructor(
    private readonly pool: ArrayPool,
    numbers: number,
    private readonly fill: (window: ScoreWindow, into: DeviceArray) => void,
  ) {
    this.#array = pool.allocate([numbers]);
  }

  compute(window: ScoreWindow): DeviceArray {
    const array = { ...this.#array, shape: [window.rows, window.columns] };
    if (this.#window !== window) this.fill(window, array);
    this.#window = window;
    return array; // [rows, columns], valid until another window is computed
  }

  free(): void {
    this.pool.free(this.#array);
  }
}

/**
 * Returns the three matrix products of the loss. Their chunks are chosen for the whole batch, because the window size
 * must not change the order of a sum.
 */
function productsOf(engine: Engine, anchors: DeviceArray, candidates: DeviceArray) {
  const [B = 0, E = 0] = anchors.shape;
  const [C = 0] = candidates.shape;
  const scores = { chunk: matmulChunk({ rows: B, columns: C, depth: E }) };
  const ofAnchors = { chunk: matmulChunk({ rows: B, columns: E, depth: C }) };
  const ofCandidates = { chunk: matmulChunk({ rows: C, columns: E, depth: B }) };
  return {
    scores: (a: DeviceArray, c: DeviceArray, y: DeviceArray) => matmul(engine, 'NT', a, c, y, scores),
    ofAnchors: (d: DeviceArray, y: DeviceArray, alpha: number) =>
      matmul(engine, 'NN', d, candidates, y, { ...ofAnchors, alpha }),
    ofCandidates: (d: DeviceArray, y: DeviceArray, alpha: number) =>
      matmul(engine, 'TN', d, anchors, y, { ...ofCandidates, alpha }),
  };
}

function rowsOf({ buffer, offset, shape }: DeviceArray, firstRow: number, rows: number): DeviceArray {
  const [, width = 0] = shape; // [B, E]
  return { buffer, offset: offset + firstRow * width * 4, shape: [rows, width] };
}
