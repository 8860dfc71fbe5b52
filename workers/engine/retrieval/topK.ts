import type { DeviceArray } from '../arrays';
import type { Engine, EngineTraits } from '../engine';
import { memo } from '../memo';
import { rowKernelGroups, rowKernel } from '../rowKernel';
import { scoreKeyFunction } from './scoreKeys';
import type { ScoreBlock } from './scoreBlock';

/**
 * Merges each query's best passages so far, `kept` [Q, k, 2] (key and row), with those of a block into `next`. The
 * block's row numbers must all be larger than those of earlier blocks.
 */
export function keepTopK(
  engine: Engine,
  { scores, count, first }: ScoreBlock,
  kept: DeviceArray,
  next: DeviceArray,
): void {
  const [rows = 0, stride = 0] = scores.shape;
  const [, k = 0] = kept.shape;
  const params = { rows, stride, count, first, k };
  engine.commands.dispatch(
    bestKernel(engine.traits),
    { scores, kept, next },
    params,
    rowKernelGroups(engine.traits, rows),
  );
}

/**
 * Returns a row's best candidate to all of its threads: the one with the largest key, and of equal keys the smallest
 * column.
 */
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

/**
 * Merges two lists, best first. The block is not sorted, so each time one of its passages is taken, the kernel searches
 * it for the next best.
 */
const bestKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'search best',
    params: { rows: 'u32', stride: 'u32', count: 'u32', first: 'u32', k: 'u32' },
    reads: { scores: 'u32', kept: 'vec2<u32>' },
    writes: { next: 'vec2<u32>' },
    wasm: { call: 'searchBest', items: ({ rows }) => rows },
    globals: `${scoreKeyFunction}${traits.software ? alone : together}
fn best_after(row: u32, last: vec2<u32>, me: u32, step: u32) -> vec2<u32> {
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
  var found = best_after(row, vec2<u32>(0xffffffffu, 0u), me, step);
  for (var r = 0u; r < p.k; r++) {
    let before = kept[row * p.k + old];
    let taken = found.x > before.x;
    if (me == 0u) { next[row * p.k + r] = select(before, vec2<u32>(found.x, p.first + found.y), taken); }
    if (taken) { found = best_after(row, found, me, step); } else { old++; }
  }`,
  }),
);
