import type { DeviceArray } from '../../arrays';
import type { Engine } from '../../engine';
import { kernel } from '../../kernel';
import { addQuadPartials } from './addQuadPartials';

const workgroup = [64, 1, 1] as const;
/**
 * Rows per thread. Few enough to keep a GPU busy with only a thousand rows, but enough to keep the second pass small.
 */
const rowsInPart = 64;

/**
 * First pass of a sum over rows: dy [T, H] → [parts, 1, H]. With `norm` → [parts, 2, H]: also sums dy·(z − mean)/σ. The
 * second pass, `addColumnPartials`, adds the parts in order, so that the sum has the same bits every time.
 */
export function columnPartials(
  engine: Engine,
  dy: DeviceArray,
  norm?: { z: DeviceArray; stats: DeviceArray },
): DeviceArray {
  const [rows = 0, width = 0] = dy.shape;
  const partials = engine.pool.allocateParts(rows, rowsInPart, [norm ? 2 : 1, width]);
  const [parts = 0] = partials.shape;
  const params = { rows, width, parts };
  const groups = [Math.ceil(width / workgroup[0]), parts, 1] as const;
  if (norm) engine.commands.dispatch(normPartials, { dy, ...norm, partials }, params, groups);
  else engine.commands.dispatch(plainPartials, { dy, partials }, params, groups);
  return partials;
}

/**
 * Sums [parts, n, H] over parts into n arrays [H], n ≤ 2. `accumulate` adds to the arrays instead of overwriting them.
 */
export function addColumnPartials(
  engine: Engine,
  partials: DeviceArray,
  into: readonly DeviceArray[],
  accumulate = false,
): void {
  const [parts = 0, , width = 0] = partials.shape;
  const params = { parts, width, accumulate: accumulate ? 1 : 0 };
  if (!engine.traits.software && width % 4 === 0) return addQuadPartials(engine, partials, into, params);
  const groups = [Math.ceil(width / workgroup[0]), 1, 1] as const;
  const [first, second] = into;
  if (!first) return;
  if (second) engine.commands.dispatch(addTwo, { partials, first, second }, params, groups);
  else engine.commands.dispatch(addOne, { partials, first }, params, groups);
}

/** Sums dy [T, H] over rows into `into` [H]. `accumulate` adds to it instead of overwriting. */
export function columnSums(engine: Engine, dy: DeviceArray, into: DeviceArray, accumulate = false): void {
  const partials = columnPartials(engine, dy);
  addColumnPartials(engine, partials, [into], accumulate);
  engine.pool.free(partials);
}

const partialParams = { rows: 'u32', width: 'u32', parts: 'u32' } as const;
const loop = (start: string, each: string, end: string): string => `
  let column = gid.x;
  let part = wid.y;
  if (column >= p.width) { return; }
  ${start}
  let last = min((part + 1u) * ${rowsInPart}u, p.rows);
  for (var row = part * ${rowsInPart}u; row < last; row++) {
    let at = row * p.width + column;
    ${each}
  }
  ${end}`;

const plainPartials = kernel({
  name: 'column sums',
  params: partialParams,
  reads: { dy: 'f32' },
  writes: { partials: 'f32' },
  wasm: { call: 'columnPartials', items: ({ parts }) => parts, constants: [rowsInPart] },
  workgroup,
  body: loop('var sum = 0.0;', 'sum += dy[at];', 'partials[part * p.width + column] = sum;'),
});

const normPartials = kernel({
  name: 'layerNorm column sums',
  params: partialParams,
  reads: { dy: 'f32', z: 'f32', stats: 'vec2<f32>' },
  writes: { partials: 'f32' },
  wasm: { call: 'normPartials', items: ({ parts }) => parts, constants: [rowsInPart] },
  workgroup,
  body: loop(
    'var sum = 0.0; var scaled = 0.0;',
    'sum += dy[at]; scaled += dy[at] * (z[at] - stats[row].x) * stats[row].y;',
    'partials[(2u * part) * p.width + column] = sum; partials[(2u * part + 1u) * p.width + column] = scaled;',
  ),
});

const addBody = (n: number, stores: string): string => `
  let column = gid.x;
  if (column >= p.width) { return; }
  var sums = array<f32, ${n}>();
  for (var part = 0u; part < p.parts; part++) {
    for (var i = 0u; i < ${n}u; i++) { sums[i] += partials[(part * ${n}u + i) * p.width + column]; }
  }
  ${stores}`;
const held = (name: string): string => `select(0.0, ${name}[column], p.accumulate == 1u)`;
const addParams = { parts: 'u32', width: 'u32', accumulate: 'u32' } as const;

const addOne = kernel({
  name: 'column sums, second pass',
  params: addParams,
  reads: { partials: 'f32' },
  writes: { first: 'f32' },
  wasm: { call: 'addPartials', items: ({ width }) => width },
  workgroup,
  body: addBody(1, `first[column] = ${held('first')} + sums[0];`),
});

const addTwo = kernel({
  name: 'layerNorm column sums, second pass',
  params: addParams,
  reads: { partials: 'f32' },
  writes: { first: 'f32', second: 'f32' },
  wasm: { call: 'addTwoPartials', items: ({ width }) => width },
  workgroup,
  body: addBody(2, `first[column] = ${held('first')} + sums[0]; second[column] = ${held('second')} + sums[1];`),
});
