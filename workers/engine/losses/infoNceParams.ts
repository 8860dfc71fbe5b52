import type { LossParams } from './infoNceOptions';

/** Params of the loss; see `lossParamsOf`. The wasm kernels take them in this order. */
export const lossParams = {
  pairs: 'u32',
  temperature: 'f32',
  terms: 'u32',
  joint: 'u32',
  words: 'u32',
  perAnchor: 'u32',
  contrast: 'u32',
  hardened: 'u32',
  hardness: 'f32',
  scoreMask: 'u32',
  margin: 'f32',
} as const satisfies Record<keyof LossParams, 'u32' | 'f32'>;

/**
 * Params of a window of `rows` × `columns` scores, whose top-left corner is at (`firstRow`, `firstColumn`) in the
 * matrix of all scores.
 */
export const windowParams = {
  rows: 'u32',
  columns: 'u32',
  firstRow: 'u32',
  firstColumn: 'u32',
  ...lossParams,
} as const;

/**
 * Planes of the statistics [9, B]. The first four are log Σ exp(s/τ) of each row of a term, in the order of the bits of
 * `terms`: query to passages, query to queries, passage to queries, passage to passages.
 */
export const statPlanes = {
  queryLse: 0,
  queriesLse: 1,
  passageLse: 2,
  passagesLse: 3,
  /** Score above which a negative of the row is left out. */
  threshold: 4,
  positive: 5,
  /** Best score that is not left out, including the positive's. */
  best: 6,
  /** Sum of the negatives' scores. */
  others: 7,
  /** Number of negatives that are not left out. */
  counted: 8,
} as const;
export const statPlaneCount = 9;

/** WGSL that finds the pair (i, j) of element `at` of a window, and returns if `at` is beyond the window. */
export const windowElement = `
  let at = group * 64u + lane;
  let row = at / p.columns;
  if (row >= p.rows) { return; }
  let i = p.firstRow + row;
  let j = p.firstColumn + at % p.columns;`;

/**
 * WGSL functions that decide which pairs of anchor i and candidate j take part in the loss. Candidate i is anchor i's
 * positive and always takes part. `guide_score` is the score by which j may be too close, and `limit` the threshold of
 * the row.
 */
export const maskFunctions = `
fn left_out(i: u32, j: u32) -> bool {
  if (p.words == 0u) { return false; }
  return ((bits[i * p.words + j / 32u] >> (j % 32u)) & 1u) == 1u;
}
fn owner(j: u32) -> u32 {
  if (j < p.pairs) { return j; }
  return (j - p.pairs) / max(1u, p.perAnchor);
}
fn score_limit(positive: f32) -> f32 {
  return positive - p.margin * select(1.0, abs(positive), p.scoreMask == 2u);
}
fn above(guide_score: f32, limit: f32) -> bool {
  return p.scoreMask != 0u && guide_score > limit;
}
fn row_ignores(i: u32, j: u32, guide_score: f32, limit: f32) -> bool {
  if (i == j) { return false; }
  if (left_out(i, j) || above(guide_score, limit)) { return true; }
  return (p.contrast == 1u && j < p.pairs) || (p.contrast == 2u && owner(j) != i);
}
fn column_ignores(i: u32, j: u32, guide_score: f32, limit: f32) -> bool {
  return i != j && (left_out(i, j) || above(guide_score, limit));
}
fn hardening(i: u32, j: u32) -> f32 {
  if (i == j || p.hardened == 0u) { return 1.0; }
  let kind = select(1u, 2u, owner(j) == i);
  return select(1.0, 1.0 + p.hardness, (p.hardened & kind) != 0u);
}
`;
