import type { DeviceArray } from '../../arrays';
import type { Engine, EngineTraits } from '../../engine';
import { memo } from '../../memo';
import { rowKernelGroups, rowKernel } from '../../rowKernel';
import { holdsRows } from '../../quadRows';
import { addColumnPartials, columnPartials } from '../columnSums/columnSums';
import { heldBackward, heldBackwardSums, heldForward, rowsInBlock } from './heldLayerNorm';

/** Input z [T, H], and stats [T, 2]: mean and 1/σ of each row. */
export type LayerNormSaved = { z: DeviceArray; stats: DeviceArray; gamma: DeviceArray };

/** Computes y = (z − mean)/√(var + ε)·γ + β per row (Ba et al., arXiv 1607.06450, eq. 4): z [T, H] → y [T, H]. */
export function layerNormForward(
  engine: Engine,
  { z, gamma, beta, epsilon }: { z: DeviceArray; gamma: DeviceArray; beta: DeviceArray; epsilon: number },
): { y: DeviceArray; saved: LayerNormSaved } {
  const [rows = 0, width = 0] = z.shape;
  const y = engine.pool.allocate(z.shape, z.dtype);
  const stats = engine.pool.allocate([rows, 2]);
  const arrays = { z, gamma, beta, y, stats };
  const params = { rows, width, epsilon };
  if (holdsRows(engine.traits, width)) engine.commands.dispatch(heldForward(width), arrays, params, rows);
  else engine.commands.dispatch(forwardKernel(engine.traits), arrays, params, rowKernelGroups(engine.traits, rows));
  return { y, saved: { z, stats, gamma } };
}

/**
 * Returns dz [T, H], given dy [T, H], and writes dγ and dβ [H] if their arrays are given. `accumulate` adds instead of
 * overwriting. With x̂ = (z − mean)/σ and g = dy·γ: dz = (g − mean g − x̂·mean(g·x̂))/σ, dγ = Σ_rows dy·x̂, dβ = Σ_rows
 * dy.
 */
export function layerNormBackward(
  engine: Engine,
  dy: DeviceArray,
  { z, stats, gamma }: LayerNormSaved,
  { gamma: dGamma, beta: dBeta }: { gamma: DeviceArray | undefined; beta: DeviceArray | undefined },
  accumulate = false,
): DeviceArray {
  const [, width = 0] = z.shape;
  const dz = engine.pool.allocate(z.shape, z.dtype);
  if (!dGamma && !dBeta) {
    inputGradient(engine, { dy, z, stats, gamma, dz });
    return dz;
  }
  const partials = gradientsInParts(engine, { dy, z, stats, gamma, dz });
  const unused = dGamma && dBeta ? undefined : engine.pool.allocate([width]);
  const [first, second] = [dBeta ?? unused, dGamma ?? unused];
  if (first && second) addColumnPartials(engine, partials, [first, second], accumulate);
  engine.pool.free(partials);
  if (unused) engine.pool.free(unused);
  return dz;
}

type BackwardArrays = Record<'dy' | 'z' | 'stats' | 'gamma' | 'dz', DeviceArray>;

function inputGradient(engine: Engine, arrays: BackwardArrays): void {
  const { commands, traits } = engine;
  const [rows = 0, width = 0] = arrays.z.shape;
  if (holdsRows(traits, width)) commands.dispatch(heldBackward(width), arrays, { rows, width }, blocksOf(rows));
  else commands.dispatch(backwardKernel(traits), arrays, { rows, width }, rowKernelGroups(traits, rows));
}

/** Computes dz and returns the sums of dy and dy·x̂ over parts of the rows, [parts, 2, H]. */
function gradientsInParts(engine: Engine, arrays: BackwardArrays): DeviceArray {
  const [rows = 0, width = 0] = arrays.z.shape;
  if (!holdsRows(engine.traits, width)) {
    inputGradient(engine, arrays);
    return columnPartials(engine, arrays.dy, arrays);
  }
  const partials = engine.pool.allocateParts(rows, rowsInBlock, [2, width]);
  engine.commands.dispatch(heldBackwardSums(width), { ...arrays, partials }, { rows, width }, blocksOf(rows));
  return partials;
}

function blocksOf(rows: number): number {
  return Math.ceil(rows / rowsInBlock);
}

const forwardKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'layerNorm forward',
    params: { rows: 'u32', width: 'u32', epsilon: 'f32' },
    reads: { z: 'f32', gamma: 'f32', beta: 'f32' },
    writes: { y: 'f32', stats: 'vec2<f32>' },
    wasm: { call: 'layerNormForward', items: ({ rows }) => rows },
    body: `
  let at = row * p.width;
  var sum = 0.0;
  for (var i = me; i < p.width; i += step) { sum += z[at + i]; }
  let mean = row_sum(sum, me) / f32(p.width);
  var squares = 0.0;
  for (var i = me; i < p.width; i += step) { let d = z[at + i] - mean; squares += d * d; }
  let scale = 1.0 / sqrt(row_sum(squares, me) / f32(p.width) + p.epsilon);
  for (var i = me; i < p.width; i += step) { y[at + i] = (z[at + i] - mean) * scale * gamma[i] + beta[i]; }
  if (me == 0u) { stats[row] = vec2<f32>(mean, scale); }`,
  }),
);

const backwardKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'layerNorm backward',
    params: { rows: 'u32', width: 'u32' },
    reads: { dy: 'f32', z: 'f32', stats: 'vec2<f32>', gamma: 'f32' },
    writes: { dz: 'f32' },
    wasm: { call: 'layerNormBackward', items: ({ rows }) => rows },
    body: `
  let at = row * p.width;
  let mean = stats[row].x;
  let scale = stats[row].y;
  var sum = 0.0;
  var along = 0.0;
  for (var i = me; i < p.width; i += step) {
    let g = dy[at + i] * gamma[i];
    sum += g;
    along += g * (z[at + i] - mean) * scale;
  }
  let meanG = row_sum(sum, me) / f32(p.width);
  let meanAlong = row_sum(along, me) / f32(p.width);
  for (var i = me; i < p.width; i += step) {
    dz[at + i] = scale * (dy[at + i] * gamma[i] - meanG - (z[at + i] - mean) * scale * meanAlong);
  }`,
  }),
);
