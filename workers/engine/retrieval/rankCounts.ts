import type { DeviceArray } from '../arrays';
import type { Engine, EngineTraits } from '../engine';
import { kernel } from '../kernel';
import { memo } from '../memo';
import { rowKernelGroups, rowKernel } from '../rowKernel';
import { workgroupSum } from '../workgroupSum';
import { scoreKeyFunction } from './scoreKeys';
import type { ScoreBlock } from './scoreBlock';

/**
 * Writes the sort keys of the scores of targets `firstTarget` … `firstTarget + count − 1`. Each row of targets [P, 4]
 * holds a query, a passage's row, its column in this block, and 0.
 */
export function prepareRankCounts(
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

/**
 * Adds to counts [P] the number of passages in a block that rank above each target: those with a higher score, or with
 * an equal score and a smaller row.
 */
export function addRankCounts(
  engine: Engine,
  { scores, count, first }: ScoreBlock,
  { targets, keys, counts }: Record<'targets' | 'keys' | 'counts', DeviceArray>,
): void {
  const [, stride = 0] = scores.shape;
  const [rows = 0] = targets.shape;
  const params = { rows, stride, count, first };
  const arrays = { scores, targets, keys, counts };
  if (engine.traits.software) {
    const groups = rowKernelGroups(engine.traits, rows);
    engine.commands.dispatch(serialCount(engine.traits), arrays, params, groups);
  } else engine.commands.dispatch(parallelCount, arrays, params, rows);
}

const pickKernel = kernel({
  name: 'search pick',
  params: { stride: 'u32', firstTarget: 'u32', count: 'u32' },
  reads: { scores: 'u32', targets: 'vec4<u32>' },
  writes: { keys: 'u32' },
  wasm: { call: 'searchPick', items: ({ count }) => count },
  workgroup: [64, 1, 1],
  globals: scoreKeyFunction,
  body: `
  let i = group * 64u + lane;
  if (i >= p.count) { return; }
  let at = p.firstTarget + i;
  let info = targets[at];
  keys[at] = key_of(scores[info.x * p.stride + info.z]);`,
});

const countSpec = {
  name: 'search count',
  params: { rows: 'u32', stride: 'u32', count: 'u32', first: 'u32' },
  writes: { counts: 'u32' },
  wasm: { call: 'searchCount', items: ({ rows }: { rows: number }) => rows },
} as const;

const serialCount = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    ...countSpec,
    reads: { scores: 'u32', targets: 'vec4<u32>', keys: 'u32' },
    globals: scoreKeyFunction,
    body: `
  let info = targets[row];
  let own = keys[row];
  var above = 0u;
  for (var j = 0u; j < p.count; j++) {
    let other = key_of(scores[info.x * p.stride + j]);
    if (other > own || (other == own && p.first + j < info.y)) { above += 1u; }
  }
  counts[row] += above;`,
  }),
);

/** Threads that together count one row on a GPU. Each reads four scores at a time. */
const threads = 256;

/** Adds the threads' counts in float32, which is exact because a block has fewer than 2²⁴ passages. */
const parallelCount = kernel({
  ...countSpec,
  reads: { scores: 'vec4<u32>', targets: 'vec4<u32>', keys: 'u32' },
  workgroup: [threads, 1, 1],
  globals: scoreKeyFunction + workgroupSum(threads),
  body: `
  if (group >= p.rows) { return; }
  let info = targets[group];
  let own = keys[group];
  let start = info.x * (p.stride / 4u);
  var above = 0u;
  for (var quad = lane; 4u * quad < p.count; quad += ${threads}u) {
    let bits = scores[start + quad];
${[0, 1, 2, 3]
  .map(
    (n) => `    {
      let other = key_of(bits[${n}]);
      let j = 4u * quad + ${n}u;
      if (j < p.count && (other > own || (other == own && p.first + j < info.y))) { above += 1u; }
    }`,
  )
  .join('\n')}
  }
  let all = workgroup_sum(f32(above), lane);
  if (lane == 0u) { counts[group] += u32(all); }`,
});
