import type { GpuArray } from '../../gpu/arrays';
import type { Gpu, GpuTraits } from '../../gpu/gpu';
import { memo } from '../../gpu/memo';
import { rowGroups, rowKernel } from '../../gpu/rows';
import { addColumnPartials, columnPartials, columnSums } from '../columnSums/kernels';

/** z [T, H] is what was normalised; stats [T, 2] its mean and 1/σ by row. */
export type GpuLayerNormSaved = { z: GpuArray; stats: GpuArray; gamma: GpuArray };

/** y = (z − mean)/√(var + ε)·γ + β by row (Ba et al., arXiv 1607.06450, eq. 4): z [T, H] → y [T, H]. */
export function layerNormForward(
  gpu: Gpu,
  { z, gamma, beta, epsilon }: { z: GpuArray; gamma: GpuArray; beta: GpuArray; epsilon: number },
): { y: GpuArray; saved: GpuLayerNormSaved } {
  const [rows = 0, width = 0] = z.shape;
  const y = gpu.pool.allocate(z.shape);
  const stats = gpu.pool.allocate([rows, 2]);
  gpu.commands.dispatch(
    forwardKernel(gpu.traits), { z, gamma, beta, y, stats }, { rows, width, epsilon }, rowGroups(gpu.traits, rows),
  ); // prettier-ignore
  return { y, saved: { z, stats, gamma } };
}

/** dy [T, H] → dz [T, H] and, where they are given, the gradients of γ and β, written in place. */
export function layerNormBackward(
  gpu: Gpu,
  dy: GpuArray,
  { z, stats, gamma }: GpuLayerNormSaved,
  { gamma: dGamma, beta: dBeta }: { gamma: GpuArray | undefined; beta: GpuArray | undefined },
): GpuArray {
  const [rows = 0, width = 0] = z.shape;
  const dz = gpu.pool.allocate(z.shape);
  gpu.commands.dispatch(
    backwardKernel(gpu.traits), { dy, z, stats, gamma, dz }, { rows, width }, rowGroups(gpu.traits, rows),
  ); // prettier-ignore
  if (dGamma) {
    const partials = columnPartials(gpu, dy, { z, stats });
    const unused = dBeta ? undefined : gpu.pool.allocate([width]);
    addColumnPartials(gpu, partials, [dBeta ?? unused ?? dGamma, dGamma]);
    gpu.pool.free(partials);
    if (unused) gpu.pool.free(unused);
  } else if (dBeta) columnSums(gpu, dy, dBeta);
  return dz;
}

const forwardKernel = memo((traits: GpuTraits) =>
  rowKernel(traits, {
    name: 'layerNorm forward',
    params: { rows: 'u32', width: 'u32', epsilon: 'f32' },
    reads: { z: 'f32', gamma: 'f32', beta: 'f32' },
    writes: { y: 'f32', stats: 'vec2<f32>' },
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

const backwardKernel = memo((traits: GpuTraits) =>
  rowKernel(traits, {
    name: 'layerNorm backward',
    params: { rows: 'u32', width: 'u32' },
    reads: { dy: 'f32', z: 'f32', stats: 'vec2<f32>', gamma: 'f32' },
    writes: { dz: 'f32' },
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
