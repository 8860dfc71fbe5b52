import type { EngineTraits } from '../engine';
import { kernel } from '../kernel';
import { memo } from '../memo';
import { rowKernel } from '../rowKernel';
import { lossParams, maskFunctions, statPlanes, windowParams, windowElement } from './infoNceParams';

const { queryLse, passageLse, threshold, positive, best, others, counted } = statPlanes;
const atPlane = (plane: number, row: string): string => `stats[${plane}u * p.pairs + ${row}]`;

/**
 * Writes each row's log Σ exp, threshold and scores, for the rows of a window that spans all columns. Ignores the pairs
 * that the masks exclude.
 */
export const infoNceRowsKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'infoNce rows',
    params: windowParams,
    reads: { cosines: 'f32', guide: 'f32', bits: 'u32' },
    writes: { stats: 'f32' },
    globals: maskFunctions,
    wasm: { call: 'infoNceRows', items: ({ rows }) => rows },
    body: `
  let at = row * p.columns;
  let i = p.firstRow + row;
  let limit = score_limit(guide[at + i]);
  var highest = -3.0e38;
  var highestScore = -3.0e38;
  var sum = 0.0;
  var count = 0.0;
  for (var j = me; j < p.columns; j += step) {
    if (row_ignores(i, j, guide[at + j], limit)) { continue; }
    let s = cosines[at + j];
    highest = max(highest, s * hardening(i, j));
    highestScore = max(highestScore, s);
    if (j != i) {
      sum += s;
      count += 1.0;
    }
  }
  let largest = row_max(highest, me);
  let bestScore = row_max(highestScore, me);
  let otherScores = row_sum(sum, me);
  let counts = row_sum(count, me);
  var weights = 0.0;
  for (var j = me; j < p.columns; j += step) {
    if (!row_ignores(i, j, guide[at + j], limit)) {
      weights += exp((cosines[at + j] * hardening(i, j) - largest) / p.temperature);
    }
  }
  let lse = largest / p.temperature + log(row_sum(weights, me));
  if (me == 0u) {
    ${atPlane(queryLse, 'i')} = lse;
    ${atPlane(threshold, 'i')} = limit;
    ${atPlane(positive, 'i')} = cosines[at + i];
    ${atPlane(best, 'i')} = bestScore;
    ${atPlane(others, 'i')} = otherScores;
    ${atPlane(counted, 'i')} = counts;
  }`,
  }),
);

/** Writes the columns' log Σ exp, for the columns below B of a window that spans all rows. */
export const infoNceColumnsKernel = kernel({
  name: 'infoNce columns',
  params: windowParams,
  reads: { cosines: 'f32', guide: 'f32', bits: 'u32' },
  writes: { stats: 'f32' },
  globals: maskFunctions,
  wasm: { call: 'infoNceColumns', items: ({ columns }) => columns },
  workgroup: [64, 1, 1],
  body: `
  let column = group * 64u + lane;
  let j = p.firstColumn + column;
  if (column >= p.columns || j >= p.pairs) { return; }
  let limit = ${atPlane(threshold, 'j')};
  var highest = -3.0e38;
  for (var i = 0u; i < p.rows; i++) {
    let at = i * p.columns + column;
    if (!column_ignores(i, j, guide[at], limit)) { highest = max(highest, cosines[at]); }
  }
  var weights = 0.0;
  for (var i = 0u; i < p.rows; i++) {
    let at = i * p.columns + column;
    if (!column_ignores(i, j, guide[at], limit)) { weights += exp((cosines[at] - highest) / p.temperature); }
  }
  ${atPlane(passageLse, 'j')} = highest / p.temperature + log(weights);`,
});

/** Replaces the log Σ exp of each term by that of all terms of the row together. */
export const infoNceJointKernel = kernel({
  name: 'infoNce joint',
  params: lossParams,
  reads: {},
  writes: { stats: 'f32' },
  wasm: { call: 'infoNceJoint', items: ({ pairs }) => pairs },
  workgroup: [64, 1, 1],
  body: `
  let i = group * 64u + lane;
  if (i >= p.pairs) { return; }
  var highest = stats[i];
  for (var term = 1u; term < 4u; term++) {
    if (((p.terms >> term) & 1u) == 1u) { highest = max(highest, stats[term * p.pairs + i]); }
  }
  var sum = exp(stats[i] - highest);
  for (var term = 1u; term < 4u; term++) {
    if (((p.terms >> term) & 1u) == 1u) { sum += exp(stats[term * p.pairs + i] - highest); }
  }
  let all = highest + log(sum);
  for (var term = 0u; term < 4u; term++) { stats[term * p.pairs + i] = all; }`,
});

export const infoNceNumbersKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'infoNce numbers',
    params: { rows: 'u32', ...lossParams },
    reads: { stats: 'f32' },
    writes: { numbers: 'f32' },
    wasm: { call: 'infoNceNumbers', items: ({ rows }) => rows },
    body: `
  var loss = 0.0;
  var hits = 0.0;
  var right = 0.0;
  var others = 0.0;
  var count = 0.0;
  for (var i = me; i < p.pairs; i += step) {
    let own = ${atPlane(positive, 'i')};
    var term = ${atPlane(queryLse, 'i')} - own / p.temperature;
    if (p.joint == 0u && (p.terms & 4u) != 0u) {
      term = 0.5 * (term + ${atPlane(passageLse, 'i')} - own / p.temperature);
    }
    loss += term;
    hits += select(0.0, 1.0, own >= ${atPlane(best, 'i')});
    right += own;
    others += ${atPlane(others, 'i')};
    count += ${atPlane(counted, 'i')};
  }
  let n = f32(p.pairs);
  let losses = row_sum(loss, me);
  let allHits = row_sum(hits, me);
  let allRight = row_sum(right, me);
  let allOthers = row_sum(others, me);
  let allCounted = row_sum(count, me);
  if (me == 0u) {
    numbers[0] = losses / n;
    numbers[1] = allHits / n;
    numbers[2] = allRight / n;
    numbers[3] = allOthers / max(1.0, allCounted);
  }`,
  }),
);

export const infoNceGradientKernel = kernel({
  name: 'infoNce gradient',
  params: windowParams,
  reads: { cosines: 'f32', guide: 'f32', bits: 'u32', stats: 'f32' },
  writes: { dCosines: 'f32' },
  globals: maskFunctions,
  wasm: { call: 'infoNceGradient', items: ({ rows }) => rows },
  workgroup: [64, 1, 1],
  body: `${windowElement}
  let right = select(0.0, 1.0, i == j);
  var d = -right;
  if (!row_ignores(i, j, guide[at], ${atPlane(threshold, 'i')})) {
    d = exp(cosines[at] * hardening(i, j) / p.temperature - ${atPlane(queryLse, 'i')}) - right;
  }
  if ((p.terms & 4u) != 0u) {
    if (p.joint == 0u) { d *= 0.5; }
    if (j < p.pairs && !column_ignores(i, j, guide[at], ${atPlane(threshold, 'j')})) {
      let back = exp(cosines[at] / p.temperature - ${atPlane(passageLse, 'j')});
      d += select(0.5 * (back - right), back, p.joint == 1u);
    }
  }
  dCosines[at] = d / (f32(p.pairs) * p.temperature);`,
});
