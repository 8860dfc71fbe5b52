import type { EngineTraits } from '../engine';
import { kernel } from '../kernel';
import { memo } from '../memo';
import { rowKernel } from '../rowKernel';
import { maskFunctions, statPlanes, windowParams, windowElement } from './infoNceParams';

/** `side` is the term's plane in the statistics: queries with queries, or passages with passages. */
const params = { ...windowParams, side: 'u32' } as const;

/**
 * Excludes a text from its own side's negatives, and a question's own passages from each other. Questions that share an
 * answer exclude each other, even if the mask contains only one of the two directions.
 */
const ignoresFunction = `${maskFunctions}
fn side_ignores(i: u32, j: u32, guide_score: f32, limit: f32) -> bool {
  if (owner(j) == i || left_out(i, j) || above(guide_score, limit)) { return true; }
  return p.side == ${statPlanes.queriesLse}u && left_out(j, i);
}
`;

/** Writes the rows' log Σ exp over their own side, for the rows of a window that spans all columns. */
export const sameSideRowsKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'infoNce same side rows',
    params,
    reads: { cosines: 'f32', guide: 'f32', bits: 'u32' },
    writes: { stats: 'f32' },
    globals: ignoresFunction,
    wasm: { call: 'sameSideRows', items: ({ rows }) => rows },
    body: `
  let at = row * p.columns;
  let i = p.firstRow + row;
  let limit = stats[${statPlanes.threshold}u * p.pairs + i];
  var highest = -3.0e38;
  for (var j = me; j < p.columns; j += step) {
    if (!side_ignores(i, j, guide[at + j], limit)) { highest = max(highest, cosines[at + j]); }
  }
  let largest = row_max(highest, me);
  var weights = 0.0;
  for (var j = me; j < p.columns; j += step) {
    if (!side_ignores(i, j, guide[at + j], limit)) { weights += exp((cosines[at + j] - largest) / p.temperature); }
  }
  let sum = row_sum(weights, me);
  if (me == 0u) {
    // With a single pair, or with everything left out, the term is log 0, which adds nothing.
    stats[p.side * p.pairs + i] = select(-3.0e38, largest / p.temperature + log(max(sum, 1.0)), sum > 0.0);
  }`,
  }),
);

export const sameSideGradientKernel = kernel({
  name: 'infoNce same side gradient',
  params,
  reads: { cosines: 'f32', guide: 'f32', bits: 'u32', stats: 'f32' },
  writes: { dCosines: 'f32' },
  globals: ignoresFunction,
  wasm: { call: 'sameSideGradient', items: ({ rows }) => rows },
  workgroup: [64, 1, 1],
  body: `${windowElement}
  if (side_ignores(i, j, guide[at], stats[${statPlanes.threshold}u * p.pairs + i])) {
    dCosines[at] = 0.0;
    return;
  }
  let share = exp(cosines[at] / p.temperature - stats[p.side * p.pairs + i]);
  dCosines[at] = share / (f32(p.pairs) * p.temperature);`,
});
