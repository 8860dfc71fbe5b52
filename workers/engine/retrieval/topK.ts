import type { DeviceArray } from '../arrays';
import type { Engine, EngineTraits } from '../engine';
import { kernel } from '../kernel';
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
  if (engine.traits.software) {
    const groups = rowKernelGroups(engine.traits, rows);
    engine.commands.dispatch(serialBest(engine.traits), { scores, kept, next }, params, groups);
  } else engine.commands.dispatch(parallelBest, { scores, kept, next }, params, rows);
}

const spec = {
  name: 'search best',
  params: { rows: 'u32', stride: 'u32', count: 'u32', first: 'u32', k: 'u32' },
  writes: { next: 'vec2<u32>' },
  wasm: { call: 'searchBest', items: ({ rows }: { rows: number }) => rows },
} as const;

/**
 * Merges two lists, best passage first. The block is not sorted, so each time one of its passages is taken, the kernel
 * searches it for the next best: the one with the largest key or, among equal keys, the smallest column.
 */
const merge = (first: string): string => `
  var old = 0u;
  var found = best_after(row, vec2<u32>(0xffffffffu, 0u), me);
  for (var r = 0u; r < p.k; r++) {
    let before = kept[row * p.k + old];
    let taken = found.x > before.x;
    if (${first}) { next[row * p.k + r] = select(before, vec2<u32>(found.x, p.first + found.y), taken); }
    if (taken) { found = best_after(row, found, me); } else { old++; }
  }`;

/** Each thread searches a whole row. */
const serialBest = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    ...spec,
    reads: { scores: 'u32', kept: 'vec2<u32>' },
    globals: `${scoreKeyFunction}
fn best_after(row: u32, last: vec2<u32>, me: u32) -> vec2<u32> {
  var best = vec2<u32>(0u, 0xffffffffu);
  for (var j = 0u; j < p.count; j++) {
    let key = key_of(scores[row * p.stride + j]);
    if (key > best.x && (key < last.x || (key == last.x && j > last.y))) { best = vec2<u32>(key, j); }
  }
  return best;
}
`,
    body: merge('true'),
  }),
);

/** Threads that together search one row on a GPU. Each reads four scores at a time. */
const threads = 256;

const parallelBest = kernel({
  ...spec,
  reads: { scores: 'vec4<u32>', kept: 'vec2<u32>' },
  workgroup: [threads, 1, 1],
  globals: `${scoreKeyFunction}
var<workgroup> bests: array<vec2<u32>, ${threads}>;
fn better(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  return select(a, b, b.x > a.x || (b.x == a.x && b.y < a.y));
}
fn best_after(row: u32, last: vec2<u32>, me: u32) -> vec2<u32> {
  var best = vec2<u32>(0u, 0xffffffffu);
  let start = row * (p.stride / 4u);
  for (var quad = me; 4u * quad < p.count; quad += ${threads}u) {
    let bits = scores[start + quad];
${[0, 1, 2, 3]
  .map(
    (n) => `    {
      let key = key_of(bits[${n}]);
      let j = 4u * quad + ${n}u;
      let allowed = j < p.count && (key < last.x || (key == last.x && j > last.y));
      if (allowed && key > best.x) { best = vec2<u32>(key, j); }
    }`,
  )
  .join('\n')}
  }
  workgroupBarrier();
  bests[me] = best;
  workgroupBarrier();
  for (var left = ${threads / 4}u; left > 0u; left /= 4u) {
    if (me < left) {
      bests[me] = better(better(bests[me], bests[me + left]), better(bests[me + 2u * left], bests[me + 3u * left]));
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&bests[0]);
}
`,
  body: `
  if (group >= p.rows) { return; }
  let row = group;
  let me = lane;${merge('me == 0u')}`,
});
