import { largestWindow, scoreWindows, type ScoreWindow } from './scoreWindows';
import type { ArrayPool, DeviceArray } from '../arrays';
import type { Engine, Traits } from '../engine';
import { kernel } from '../kernel';
import { memo } from '../memo';
import { rowGroups, rowKernel } from '../rowKernel';
import { matmul } from '../ops/matmul/matmul';
import { choiceFor, type Layout, type MatmulChoice } from '../ops/matmul/choice';

/**
 * Length of `numbers`, which `infoNce` writes: loss, accuracy, mean score of the positives, mean score of the
 * negatives.
 */
export const infoNceNumbers = 4;

export interface InfoNceOptions {
  temperature: number;
  directions: 'queryToPassage' | 'both';
}

export interface InfoNceRunOptions extends InfoNceOptions {
  gradientScale?: number | undefined; // multiplies all gradients; 1 by default
  mostScores?: number; // scores held at once; affects memory, never a result
}

/**
 * Loss and gradients of InfoNCE over cosines (van den Oord et al., arXiv 1807.03748, eq. 4; Henderson et al.,
 * arXiv 1705.00652). Candidate i is the positive of anchor i; its negatives are the other anchors' positives
 * (candidates below B) and explicit negatives (from B on). L = mean_i −log softmax_j(cos(a_i, c_j)/τ)_i.
 * `both` averages this loss with the one from candidates i < B to all anchors. With P the softmax over rows and
 * Q the one over columns: dS = (P − I)/(B·τ), or the mean of that and (Q − I)/(B·τ); da = dS·c, dc = dSᵀ·a.
 *
 * Takes unit vectors: anchors [B, E], candidates [C, E]. Pairs in `leftOut` [B, ⌈C / 32⌉] (see `lossMaskBits`) do not
 * count. Writes `infoNceNumbers` numbers and returns the gradients of the unit vectors.
 * Scores are computed window by window, so neither memory nor the binding limit caps B. Sums over candidates use
 * windows of whole rows, sums over anchors windows of whole columns, so window size never changes the order of a sum.
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
  const { temperature, directions, gradientScale = 1, mostScores } = options;
  const [pairs = 0] = anchors.shape;
  const [columns = 0] = candidates.shape;
  const windows = scoreWindows(pairs, columns, mostScores);
  const largest = Math.max(largestWindow(windows.byRow), largestWindow(windows.byColumn));
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
    engine.commands.dispatch(gradientKernel, arrays, { ...params, ...window }, groups);
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
  columnLse: DeviceArray; // [B]: log Σ exp(s/τ) over the anchors; not written for one direction
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
    // WebGPU requires something bound as `bits`; the kernels do not read it if `words` is 0.
    const arrays = { cosines: scores, bits: leftOut ?? scores, rowStats: stats.rowStats };
    commands.dispatch(rowsKernel(traits), arrays, { ...params, ...window }, rowGroups(traits, window.rows));
  }
  if (!params.both) return stats;
  for (const window of byColumn) {
    if (window.firstColumn >= params.pairs) continue; // explicit negatives only
    const scores = cosines.compute(window);
    const arrays = { cosines: scores, bits: leftOut ?? scores, columnLse: stats.columnLse };
    commands.dispatch(columnsKernel, arrays, { ...params, ...window }, Math.ceil(window.columns / 64));
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
  commands.dispatch(numbersKernel(traits), arrays, { ...params, rows: 1 }, 1);
}

/** Buffer for the scores of one window, or for their gradients. A window requested twice in a row is computed once. */
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

/** Returns the loss's three products, tiled as for the whole batch: window size must not change the order of a sum. */
function productsOf(engine: Engine, anchors: DeviceArray, candidates: DeviceArray) {
  const [B = 0, E = 0] = anchors.shape;
  const [C = 0] = candidates.shape;
  const choice = (layout: Layout, rows: number, columns: number, depth: number): MatmulChoice =>
    choiceFor(engine.traits, engine.plan, { layout, epilogue: 'plain', rows, columns, depth });
  const scores = choice('NT', B, C, E);
  const ofAnchors = choice('NN', B, E, C);
  const ofCandidates = choice('TN', C, E, B);
  return {
    scores: (a: DeviceArray, c: DeviceArray, y: DeviceArray) => matmul(engine, 'NT', a, c, y, { choice: scores }),
    ofAnchors: (d: DeviceArray, y: DeviceArray, alpha: number) =>
      matmul(engine, 'NN', d, candidates, y, { choice: ofAnchors, alpha }),
    ofCandidates: (d: DeviceArray, y: DeviceArray, alpha: number) =>
      matmul(engine, 'TN', d, anchors, y, { choice: ofCandidates, alpha }),
  };
}

function rowsOf({ buffer, offset, shape }: DeviceArray, firstRow: number, rows: number): DeviceArray {
  const [, width = 0] = shape; // [B, E]
  return { buffer, offset: offset + firstRow * width * 4, shape: [rows, width] };
}

const lossParams = { pairs: 'u32', temperature: 'f32', both: 'u32', words: 'u32' } as const;
/** A window of `rows` × `columns` scores, with its top-left corner at (`firstRow`, `firstColumn`) of all scores. */
const params = { rows: 'u32', columns: 'u32', firstRow: 'u32', firstColumn: 'u32', ...lossParams } as const;
const isLeftOut = `
fn left_out(i: u32, j: u32) -> bool {
  if (p.words == 0u) { return false; }
  return ((bits[i * p.words + j / 32u] >> (j % 32u)) & 1u) == 1u;
}
`;

/** Writes `rowStats` for the rows of a window that spans all columns. Pairs that are left out do not count. */
const rowsKernel = memo((traits: Traits) =>
  rowKernel(traits, {
    name: 'infoNce rows',
    params,
    reads: { cosines: 'f32', bits: 'u32' },
    writes: { rowStats: 'vec4<f32>' },
    globals: isLeftOut,
    wasm: { call: 'infoNceRows', items: ({ rows }) => rows },
    body: `
  let at = row * p.columns;
  let i = p.firstRow + row;
  var highest = -3.0e38;
  var sum = 0.0;
  for (var j = me; j < p.columns; j += step) {
    if (left_out(i, j)) { continue; }
    let s = cosines[at + j];
    highest = max(highest, s);
    if (j != i) { sum += s; }
  }
  let best = row_max(highest, me);
  let others = row_sum(sum, me);
  var weights = 0.0;
  for (var j = me; j < p.columns; j += step) {
    if (!left_out(i, j)) { weights += exp((cosines[at + j] - best) / p.temperature); }
  }
  let lse = best / p.temperature + log(row_sum(weights, me));
  if (me == 0u) { rowStats[i] = vec4<f32>(lse, cosines[at + i], best, others); }`,
  }),
);

/** Writes `columnLse` for the columns below B of a window that spans all rows. Pairs that are left out do not count. */
const columnsKernel = kernel({
  name: 'infoNce columns',
  params,
  reads: { cosines: 'f32', bits: 'u32' },
  writes: { columnLse: 'f32' },
  globals: isLeftOut,
  wasm: { call: 'infoNceColumns', items: ({ columns }) => columns },
  workgroup: [64, 1, 1],
  body: `
  let column = group * 64u + lane;
  let j = p.firstColumn + column;
  if (column >= p.columns || j >= p.pairs) { return; }
  var highest = -3.0e38;
  for (var i = 0u; i < p.rows; i++) {
    if (!left_out(i, j)) { highest = max(highest, cosines[i * p.columns + column]); }
  }
  var weights = 0.0;
  for (var i = 0u; i < p.rows; i++) {
    if (!left_out(i, j)) { weights += exp((cosines[i * p.columns + column] - highest) / p.temperature); }
  }
  columnLse[j] = highest / p.temperature + log(weights);`,
});

const numbersKernel = memo((traits: Traits) =>
  rowKernel(traits, {
    name: 'infoNce numbers',
    params: { rows: 'u32', columns: 'u32', ...lossParams },
    reads: { rowStats: 'vec4<f32>', columnLse: 'f32', bits: 'u32' },
    writes: { numbers: 'f32' },
    wasm: { call: 'infoNceNumbers', items: ({ rows }) => rows },
    body: `
  var loss = 0.0;
  var hits = 0.0;
  var right = 0.0;
  var others = 0.0;
  var gone = 0.0;
  for (var i = me; i < p.pairs; i += step) {
    let stats = rowStats[i];
    var term = stats.x - stats.y / p.temperature;
    if (p.both == 1u) { term = 0.5 * (term + columnLse[i] - stats.y / p.temperature); }
    loss += term;
    hits += select(0.0, 1.0, stats.y >= stats.z);
    right += stats.y;
    others += stats.w;
    for (var w = 0u; w < p.words; w++) { gone += f32(countOneBits(bits[i * p.words + w])); }
  }
  let n = f32(p.pairs);
  let losses = row_sum(loss, me);
  let allHits = row_sum(hits, me);
  let allRight = row_sum(right, me);
  let allOthers = row_sum(others, me);
  let allGone = row_sum(gone, me);
  if (me == 0u) {
    numbers[0] = losses / n;
    numbers[1] = allHits / n;
    numbers[2] = allRight / n;
    numbers[3] = allOthers / max(1.0, n * f32(p.columns - 1u) - allGone);
  }`,
  }),
);

const gradientKernel = kernel({
  name: 'infoNce gradient',
  params,
  reads: { cosines: 'f32', bits: 'u32', rowStats: 'vec4<f32>', columnLse: 'f32' },
  writes: { dCosines: 'f32' },
  globals: isLeftOut,
  wasm: { call: 'infoNceGradient', items: ({ rows }) => rows },
  workgroup: [64, 1, 1],
  body: `
  let at = group * 64u + lane;
  let row = at / p.columns;
  if (row >= p.rows) { return; }
  let i = p.firstRow + row;
  let j = p.firstColumn + at % p.columns;
  if (left_out(i, j)) {
    dCosines[at] = 0.0;
    return;
  }
  let right = select(0.0, 1.0, i == j);
  let score = cosines[at] / p.temperature;
  var d = exp(score - rowStats[i].x) - right;
  if (p.both == 1u) {
    d *= 0.5;
    if (j < p.pairs) { d += 0.5 * (exp(score - columnLse[j]) - right); }
  }
  dCosines[at] = d / (f32(p.pairs) * p.temperature);`,
});
