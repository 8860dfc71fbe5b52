import type { DeviceArray } from '../arrays';
import type { Engine, Traits } from '../engine';
import { kernel } from '../kernel';
import { memo } from '../memo';
import { rowGroups, rowKernel } from '../rowKernel';
import { matmul } from '../ops/matmul/matmul';
import type { InfoNceOptions } from './infoNce';

/** Loss, accuracy, mean score of positives, mean score of negatives: what `infoNce` writes. */
export const infoNceNumbers = 4;

/**
 * Loss and gradients of in-batch InfoNCE in one go (see the reference beside this file for the formula and its papers): unit vectors of anchors
 * [B, E] and candidates [C, E], of which candidate i < B is right for anchor i and the rest are negatives of all; with `both` directions the
 * reverse asks the first B candidates. Writes the four numbers and gives the gradients of the unit vectors.
 */
export function infoNce(
  engine: Engine,
  anchors: DeviceArray,
  candidates: DeviceArray,
  { temperature, directions }: InfoNceOptions,
  numbers: DeviceArray,
): { anchors: DeviceArray; candidates: DeviceArray } {
  const { pool, commands, traits } = engine;
  const [rows = 0] = anchors.shape;
  const [columns = 0] = candidates.shape;
  const both = directions === 'both' ? 1 : 0;
  const params = { rows, columns, temperature, both };
  const cosines = pool.allocate([rows, columns]);
  matmul(engine, 'NT', anchors, candidates, cosines);
  const rowStats = pool.allocate([rows, 4]);
  const columnLse = pool.allocate([rows]);
  commands.dispatch(rowsKernel(traits), { cosines, rowStats }, params, rowGroups(traits, rows));
  if (both) commands.dispatch(columnsKernel, { cosines, columnLse }, params, Math.ceil(rows / 64));
  commands.dispatch(numbersKernel(traits), { rowStats, columnLse, numbers }, { ...params, anchors: rows, rows: 1 }, 1);
  const dCosines = pool.allocate([rows, columns]);
  commands.dispatch(
    gradientKernel,
    { cosines, rowStats, columnLse, dCosines },
    params,
    Math.ceil((rows * columns) / 64),
  );
  for (const array of [cosines, rowStats, columnLse]) pool.free(array);
  const dAnchors = pool.allocate(anchors.shape);
  const dCandidates = pool.allocate(candidates.shape);
  matmul(engine, 'NN', dCosines, candidates, dAnchors);
  matmul(engine, 'TN', dCosines, anchors, dCandidates);
  pool.free(dCosines);
  return { anchors: dAnchors, candidates: dCandidates };
}

const params = { rows: 'u32', columns: 'u32', temperature: 'f32', both: 'u32' } as const;

/** By row: log Σ exp(s/τ), the right score, the best score, the sum of all others. */
const rowsKernel = memo((traits: Traits) =>
  rowKernel(traits, {
    name: 'infoNce rows',
    params,
    reads: { cosines: 'f32' },
    writes: { rowStats: 'vec4<f32>' },
    wasm: { call: 'infoNceRows', items: ({ rows }) => rows },
    body: `
  let at = row * p.columns;
  var highest = -3.0e38;
  var sum = 0.0;
  for (var j = me; j < p.columns; j += step) {
    let s = cosines[at + j];
    highest = max(highest, s);
    if (j != row) { sum += s; }
  }
  let best = row_max(highest, me);
  let others = row_sum(sum, me);
  var weights = 0.0;
  for (var j = me; j < p.columns; j += step) { weights += exp((cosines[at + j] - best) / p.temperature); }
  let lse = best / p.temperature + log(row_sum(weights, me));
  if (me == 0u) { rowStats[row] = vec4<f32>(lse, cosines[at + row], best, others); }`,
  }),
);

const columnsKernel = kernel({
  name: 'infoNce columns',
  params,
  reads: { cosines: 'f32' },
  writes: { columnLse: 'f32' },
  wasm: { call: 'infoNceColumns', items: ({ rows }) => rows },
  workgroup: [64, 1, 1],
  body: `
  let column = gid.x;
  if (column >= p.rows) { return; }
  var highest = -3.0e38;
  for (var i = 0u; i < p.rows; i++) { highest = max(highest, cosines[i * p.columns + column]); }
  var weights = 0.0;
  for (var i = 0u; i < p.rows; i++) { weights += exp((cosines[i * p.columns + column] - highest) / p.temperature); }
  columnLse[column] = highest / p.temperature + log(weights);`,
});

const numbersKernel = memo((traits: Traits) =>
  rowKernel(traits, {
    name: 'infoNce numbers',
    params: { ...params, anchors: 'u32' },
    reads: { rowStats: 'vec4<f32>', columnLse: 'f32' },
    writes: { numbers: 'f32' },
    wasm: { call: 'infoNceNumbers', items: ({ rows }) => rows },
    body: `
  var loss = 0.0;
  var hits = 0.0;
  var right = 0.0;
  var others = 0.0;
  for (var i = me; i < p.anchors; i += step) {
    let stats = rowStats[i];
    var term = stats.x - stats.y / p.temperature;
    if (p.both == 1u) { term = 0.5 * (term + columnLse[i] - stats.y / p.temperature); }
    loss += term;
    hits += select(0.0, 1.0, stats.y >= stats.z);
    right += stats.y;
    others += stats.w;
  }
  let n = f32(p.anchors);
  let losses = row_sum(loss, me);
  let allHits = row_sum(hits, me);
  let allRight = row_sum(right, me);
  let allOthers = row_sum(others, me);
  if (me == 0u) {
    numbers[0] = losses / n;
    numbers[1] = allHits / n;
    numbers[2] = allRight / n;
    numbers[3] = allOthers / max(1.0, n * f32(p.columns - 1u));
  }`,
  }),
);

const gradientKernel = kernel({
  name: 'infoNce gradient',
  params,
  reads: { cosines: 'f32', rowStats: 'vec4<f32>', columnLse: 'f32' },
  writes: { dCosines: 'f32' },
  wasm: { call: 'infoNceGradient', items: ({ rows }) => rows },
  workgroup: [64, 1, 1],
  body: `
  let at = group * 64u + lane;
  let i = at / p.columns;
  if (i >= p.rows) { return; }
  let j = at % p.columns;
  let right = select(0.0, 1.0, i == j);
  let score = cosines[at] / p.temperature;
  var d = exp(score - rowStats[i].x) - right;
  if (p.both == 1u) {
    d *= 0.5;
    if (j < p.rows) { d += 0.5 * (exp(score - columnLse[j]) - right); }
  }
  dCosines[at] = d / (f32(p.rows) * p.temperature);`,
});
