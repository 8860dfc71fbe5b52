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
 * Loss and gradients of InfoNCE in one go (see the reference beside this file for the formula and its papers): unit vectors of anchors [B, E] and
 * candidates [C, E], of which candidate i < B is right for anchor i and the rest are negatives of all; with `both` directions the reverse asks the
 * first B candidates. `leftOut`: bits of the pairs to leave out, [B, ⌈C / 32⌉] as `leftOutBits` makes them. Writes the four numbers and gives the
 * gradients of the unit vectors.
 */
export function infoNce(
  engine: Engine,
  anchors: DeviceArray,
  candidates: DeviceArray,
  { temperature, directions }: InfoNceOptions,
  numbers: DeviceArray,
  leftOut?: DeviceArray,
): { anchors: DeviceArray; candidates: DeviceArray } {
  const { pool, commands, traits } = engine;
  const [rows = 0] = anchors.shape;
  const [columns = 0] = candidates.shape;
  const both = directions === 'both' ? 1 : 0;
  const params = { rows, columns, temperature, both, words: leftOut?.shape[1] ?? 0 };
  const cosines = pool.allocate([rows, columns]);
  const bits = leftOut ?? cosines; // not read where words = 0
  matmul(engine, 'NT', anchors, candidates, cosines);
  const rowStats = pool.allocate([rows, 4]);
  const columnLse = pool.allocate([rows]);
  commands.dispatch(rowsKernel(traits), { cosines, bits, rowStats }, params, rowGroups(traits, rows));
  if (both) commands.dispatch(columnsKernel, { cosines, bits, columnLse }, params, Math.ceil(rows / 64));
  commands.dispatch(
    numbersKernel(traits),
    { rowStats, columnLse, bits, numbers },
    { ...params, anchors: rows, rows: 1 },
    1,
  );
  const dCosines = pool.allocate([rows, columns]);
  commands.dispatch(
    gradientKernel,
    { cosines, bits, rowStats, columnLse, dCosines },
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

const params = { rows: 'u32', columns: 'u32', temperature: 'f32', both: 'u32', words: 'u32' } as const;
const isLeftOut = `
fn left_out(i: u32, j: u32) -> bool {
  if (p.words == 0u) { return false; }
  return ((bits[i * p.words + j / 32u] >> (j % 32u)) & 1u) == 1u;
}
`;

/** By row, without what is left out: log Σ exp(s/τ), the right score, the best score, the sum of all others. */
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
  var highest = -3.0e38;
  var sum = 0.0;
  for (var j = me; j < p.columns; j += step) {
    if (left_out(row, j)) { continue; }
    let s = cosines[at + j];
    highest = max(highest, s);
    if (j != row) { sum += s; }
  }
  let best = row_max(highest, me);
  let others = row_sum(sum, me);
  var weights = 0.0;
  for (var j = me; j < p.columns; j += step) {
    if (!left_out(row, j)) { weights += exp((cosines[at + j] - best) / p.temperature); }
  }
  let lse = best / p.temperature + log(row_sum(weights, me));
  if (me == 0u) { rowStats[row] = vec4<f32>(lse, cosines[at + row], best, others); }`,
  }),
);

const columnsKernel = kernel({
  name: 'infoNce columns',
  params,
  reads: { cosines: 'f32', bits: 'u32' },
  writes: { columnLse: 'f32' },
  globals: isLeftOut,
  wasm: { call: 'infoNceColumns', items: ({ rows }) => rows },
  workgroup: [64, 1, 1],
  body: `
  let column = gid.x;
  if (column >= p.rows) { return; }
  var highest = -3.0e38;
  for (var i = 0u; i < p.rows; i++) {
    if (!left_out(i, column)) { highest = max(highest, cosines[i * p.columns + column]); }
  }
  var weights = 0.0;
  for (var i = 0u; i < p.rows; i++) {
    if (!left_out(i, column)) { weights += exp((cosines[i * p.columns + column] - highest) / p.temperature); }
  }
  columnLse[column] = highest / p.temperature + log(weights);`,
});

const numbersKernel = memo((traits: Traits) =>
  rowKernel(traits, {
    name: 'infoNce numbers',
    params: { ...params, anchors: 'u32' },
    reads: { rowStats: 'vec4<f32>', columnLse: 'f32', bits: 'u32' },
    writes: { numbers: 'f32' },
    wasm: { call: 'infoNceNumbers', items: ({ rows }) => rows },
    body: `
  var loss = 0.0;
  var hits = 0.0;
  var right = 0.0;
  var others = 0.0;
  var gone = 0.0;
  for (var i = me; i < p.anchors; i += step) {
    let stats = rowStats[i];
    var term = stats.x - stats.y / p.temperature;
    if (p.both == 1u) { term = 0.5 * (term + columnLse[i] - stats.y / p.temperature); }
    loss += term;
    hits += select(0.0, 1.0, stats.y >= stats.z);
    right += stats.y;
    others += stats.w;
    for (var w = 0u; w < p.words; w++) { gone += f32(countOneBits(bits[i * p.words + w])); }
  }
  let n = f32(p.anchors);
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
  let i = at / p.columns;
  if (i >= p.rows) { return; }
  let j = at % p.columns;
  if (left_out(i, j)) {
    dCosines[at] = 0.0;
    return;
  }
  let right = select(0.0, 1.0, i == j);
  let score = cosines[at] / p.temperature;
  var d = exp(score - rowStats[i].x) - right;
  if (p.both == 1u) {
    d *= 0.5;
    if (j < p.rows) { d += 0.5 * (exp(score - columnLse[j]) - right); }
  }
  dCosines[at] = d / (f32(p.rows) * p.temperature);`,
});
