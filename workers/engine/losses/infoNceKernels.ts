import type { EngineTraits } from '../engine';
import { kernel } from '../kernel';
import { memo } from '../memo';
import { rowKernel } from '../rowKernel';

const lossParams = { pairs: 'u32', temperature: 'f32', both: 'u32', words: 'u32' } as const;

/**
 * Params of a window of `rows` × `columns` scores, whose top-left corner is at (`firstRow`, `firstColumn`) in the
 * matrix of all scores.
 */
const params = { rows: 'u32', columns: 'u32', firstRow: 'u32', firstColumn: 'u32', ...lossParams } as const;
const isLeftOut = `
fn left_out(i: u32, j: u32) -> bool {
  if (p.words == 0u) { return false; }
  return ((bits[i * p.words + j / 32u] >> (j % 32u)) & 1u) == 1u;
}
`;
/** Writes `rowStats` for the rows of a window that spans all columns. Ignores pairs that are left out. */
export const infoNceRowsKernel = memo((traits: EngineTraits) =>
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

/** Writes `columnLse` for the columns below B of a window that spans all rows. Ignores pairs that are left out. */
export const infoNceColumnsKernel = kernel({
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

export const infoNceNumbersKernel = memo((traits: EngineTraits) =>
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

export const infoNceGradientKernel = kernel({
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
