import type { DeviceArray } from '../arrays';
import type { Engine, EngineTraits } from '../engine';
import { kernel } from '../kernel';
import { memo } from '../memo';
import { rowKernelGroups, rowKernel } from '../rowKernel';
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
 * Adds to counts [P] how many passages of a block rank above each target: those with a higher score, or with an equal
 * score and a smaller row.
 */
export function addRankCounts(
  engine: Engine,
  { scores, count, first }: ScoreBlock,
  { targets, keys, counts }: Record<'targets' | 'keys' | 'counts', DeviceArray>,
): void {
  const [, stride = 0] = scores.shape;
  const [rows = 0] = targets.shape;
  const params = { rows, stride, count, first };
  engine.commands.dispatch(
    countKernel(engine.traits),
    { scores, targets, keys, counts },
    params,
    rowKernelGroups(engine.traits, rows),
  );
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

/** Counts in float32, which is exact because a block has fewer than 2²⁴ passages. */
const countKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'search count',
    params: { rows: 'u32', stride: 'u32', count: 'u32', first: 'u32' },
    reads: { scores: 'u32', targets: 'vec4<u32>', keys: 'u32' },
    writes: { counts: 'u32' },
    wasm: { call: 'searchCount', items: ({ rows }) => rows },
    globals: scoreKeyFunction,
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
