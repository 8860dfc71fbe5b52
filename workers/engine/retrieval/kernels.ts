import type { DeviceArray } from '../arrays';
import type { Engine, Traits } from '../engine';
import { kernel } from '../kernel';
import { memo } from '../memo';
import { rowGroups, rowKernel } from '../rowKernel';

/**
 * Scores are compared by keys: whole numbers in the order of the scores, so that no compiler's liberties with NaN, infinity or −0 can change a
 * rank. A score that is not a number has the key of −∞. Key 0 is no score's: an empty place.
 */
const keyOf = `
fn key_of(bits: u32) -> u32 {
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0x007fffffu; }
  if (bits == 0x80000000u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}
`;

/** The score of a key. */
export function scoreOfKey(key: number): number {
  const bits = key >= 0x8000_0000 ? key - 0x8000_0000 : ~key >>> 0;
  return new Float32Array(Uint32Array.of(bits).buffer)[0] ?? NaN;
}

/** A block of scores, [Q, N]; passages behind `count` do not count. `first`: the row of the block's first passage. */
export interface ScoreBlock {
  scores: DeviceArray;
  count: number;
  first: number;
}

/** Merges each query's best so far with those of a block, all of whose passages have larger rows: kept [Q, k, 2] of key and row → next. */
export function keepBest(
  engine: Engine,
  { scores, count, first }: ScoreBlock,
  kept: DeviceArray,
  next: DeviceArray,
): void {
  const [rows = 0, stride = 0] = scores.shape;
  const [, k = 0] = kept.shape;
  const params = { rows, stride, count, first, k };
  engine.commands.dispatch(bestKernel(engine.traits), { scores, kept, next }, params, rowGroups(engine.traits, rows));
}

/** Keys of the scores of `count` targets from `firstTarget` on: targets [P, 4] of query, row, column in this block. */
export function pickKeys(
  engine: Engine,
  scores: DeviceArray,
  targets: DeviceArray,
  keys: DeviceArray,
  [firstTarget, count]: readonly [number, number],
): void {
  const [, stride = 0] = scores.shape;
  const params = { stride, firstTarget, count };
  engine.commands.dispatch(pickKernel, { scores, targets, keys }, params, Math.ceil(count / 64));
}

/** Adds to counts [P] how many passages of a block rank above each target: by a greater score, or an equal one and a smaller row. */
export function countAbove(
  engine: Engine,
  { scores, count, first }: ScoreBlock,
  { targets, keys, counts }: Record<'targets' | 'keys' | 'counts', DeviceArray>,
): void {
  const [, stride = 0] = scores.shape;
  const [rows = 0] = targets.shape;
  const params = { rows, stride, count, first };
  engine.commands.dispatch(
    countKernel(engine.traits), { scores, targets, keys, counts }, params, rowGroups(engine.traits, rows),
  ); // prettier-ignore
}

/** Best of all that share a row: the greatest key, of equal ones the smallest column. The same for all of them. */
const alone = `
fn best_of(key: u32, at: u32, me: u32) -> vec2<u32> { return vec2<u32>(key, at); }
`;
const together = `
var<workgroup> best_keys: array<u32, 64>;
var<workgroup> best_columns: array<u32, 64>;
var<workgroup> best: vec2<u32>;
fn best_of(key: u32, at: u32, me: u32) -> vec2<u32> {
  best_keys[me] = key;
  best_columns[me] = at;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half >>= 1u) {
    if (me < half) {
      let other = best_keys[me + half];
      let column = best_columns[me + half];
      if (other > best_keys[me] || (other == best_keys[me] && column < best_columns[me])) {
        best_keys[me] = other;
        best_columns[me] = column;
      }
    }
    workgroupBarrier();
  }
  if (me == 0u) { best = vec2<u32>(best_keys[0], best_columns[0]); }
  return workgroupUniformLoad(&best);
}
`;

/** As merging two sorted lists, of which the block's is not sorted: its next one is looked for whenever the last was taken. */
const bestKernel = memo((traits: Traits) =>
  rowKernel(traits, {
    name: 'search best',
    params: { rows: 'u32', stride: 'u32', count: 'u32', first: 'u32', k: 'u32' },
    reads: { scores: 'u32', kept: 'vec2<u32>' },
    writes: { next: 'vec2<u32>' },
    wasm: { call: 'searchBest', items: ({ rows }) => rows },
    globals: `${keyOf}${traits.software ? alone : together}
fn best_behind(row: u32, last: vec2<u32>, me: u32, step: u32) -> vec2<u32> {
  var key = 0u;
  var at = 0xffffffffu;
  for (var j = me; j < p.count; j += step) {
    let other = key_of(scores[row * p.stride + j]);
    if (other > key && (other < last.x || (other == last.x && j > last.y))) { key = other; at = j; }
  }
  return best_of(key, at, me);
}
`,
    body: `
  var old = 0u;
  var found = best_behind(row, vec2<u32>(0xffffffffu, 0u), me, step);
  for (var r = 0u; r < p.k; r++) {
    let before = kept[row * p.k + old];
    let taken = found.x > before.x;
    if (me == 0u) { next[row * p.k + r] = select(before, vec2<u32>(found.x, p.first + found.y), taken); }
    if (taken) { found = best_behind(row, found, me, step); } else { old++; }
  }`,
  }),
);

const pickKernel = kernel({
  name: 'search pick',
  params: { stride: 'u32', firstTarget: 'u32', count: 'u32' },
  reads: { scores: 'u32', targets: 'vec4<u32>' },
  writes: { keys: 'u32' },
  wasm: { call: 'searchPick', items: ({ count }) => count },
  workgroup: [64, 1, 1],
  globals: keyOf,
  body: `
  let i = group * 64u + lane;
  if (i >= p.count) { return; }
  let at = p.firstTarget + i;
  let info = targets[at];
  keys[at] = key_of(scores[info.x * p.stride + info.z]);`,
});

/** A block has less than 2²⁴ passages, so a sum of float32 counts them exactly. */
const countKernel = memo((traits: Traits) =>
  rowKernel(traits, {
    name: 'search count',
    params: { rows: 'u32', stride: 'u32', count: 'u32', first: 'u32' },
    reads: { scores: 'u32', targets: 'vec4<u32>', keys: 'u32' },
    writes: { counts: 'u32' },
    wasm: { call: 'searchCount', items: ({ rows }) => rows },
    globals: keyOf,
    body: `
  let info = targets[row];
  let own = keys[row];
  var above = 0.0;
  for (var j = me; j < p.count; j += step) {
    let other = key_of(scores[info.x * p.stride + j]);
    if (other > own || (other == own && p.first + j < info.y)) { above += 1.0; }
  }
  let all = row_sum(above, me);
  if (me == 0u) { counts[row] += u32(all); }`,
  }),
);
