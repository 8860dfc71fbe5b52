import { arrayLength, type DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { kernel } from '../kernel';
import { guardedQuads, quadSum } from '../quadRows';
import { rowKernel } from '../rowKernel';
import { workgroupSum } from '../workgroupSum';

/**
 * Writes the L2 norm of all gradients to numbers[at] and the clipping factor min(1, clipNorm/(norm + 1e-6)) to
 * numbers[at + 1], as torch.nn.utils.clip_grad_norm_ does. A clipNorm of 0 turns clipping off. If gradients carry a
 * `gradientScale`, the norm is that of the unscaled gradients, and the factor also removes the scale. If the loss,
 * numbers[0], is not finite, it replaces the norm.
 */
export function clipping(
  engine: Engine,
  parts: DeviceArray,
  clipNorm: number,
  numbers: DeviceArray,
  at: number,
  gradientScale?: number,
): void {
  const params = { rows: 1, parts: arrayLength(parts.shape), clipNorm, at };
  const kernels = engine.traits.software ? softwareClipping : gpuClipping;
  if (gradientScale === undefined) return engine.commands.dispatch(kernels.plain, { parts, numbers }, params, 1);
  const unscale = 1 / gradientScale;
  engine.commands.dispatch(kernels.scaled, { parts, numbers }, { ...params, unscale }, 1);
}

const clippingParams = { rows: 'u32', parts: 'u32', clipNorm: 'f32', at: 'u32' } as const;
const plainSpec = {
  name: 'clipping',
  params: clippingParams,
  writes: { numbers: 'f32' },
  wasm: { call: 'clipping', items: ({ rows }: { rows: number }) => rows },
} as const;
const scaledSpec = {
  name: 'clipping of scaled gradients',
  params: { ...clippingParams, unscale: 'f32' },
  writes: { numbers: 'f32' },
} as const;

/** Returns WGSL that writes the norm and the factor. `first` is the thread's number and `all` the sum of all parts. */
const finish = (first: string, all: string, scaled: boolean): string => `
  let norm = sqrt(${all})${scaled ? ' * p.unscale' : ''};
  if (${first} == 0u) {
    // A loss that is not finite must stop the run as well, even if all gradients are finite.
    let broken = (bitcast<u32>(numbers[0]) & 0x7f800000u) == 0x7f800000u;
    let clip = select(1.0, min(1.0, p.clipNorm / (norm + 1e-6)), p.clipNorm > 0.0);
    numbers[p.at] = select(norm, numbers[0], broken);
    numbers[p.at + 1u] = clip${scaled ? ' * p.unscale' : ''};
  }`;

const softwareTraits = { software: true };
const serialBody = (scaled: boolean): string => `
  var sum = 0.0;
  for (var i = me; i < p.parts; i += step) { sum += parts[i]; }${finish('me', 'row_sum(sum, me)', scaled)}`;
const softwareClipping = {
  plain: rowKernel(softwareTraits, { ...plainSpec, reads: { parts: 'f32' }, body: serialBody(false) }),
  scaled: rowKernel(softwareTraits, { ...scaledSpec, reads: { parts: 'f32' }, body: serialBody(true) }),
};

/**
 * Size of the one workgroup that adds the parts on a GPU: the largest that every device allows. Each thread reads four
 * vec4s at a time.
 */
const threads = 256;
const parallel = (scaled: boolean) =>
  ({
    reads: { parts: 'vec4<f32>' },
    workgroup: [threads, 1, 1],
    globals: quadSum + workgroupSum(threads) + guardedQuads('parts', 'p.parts'),
    body: `
  var sums = vec4<f32>();
  for (var first = 0u; 4u * first < p.parts; first += ${4 * threads}u) {
    let i = first + lane;
    let a = quad_at(i);
    let b = quad_at(i + ${threads}u);
    let c = quad_at(i + ${2 * threads}u);
    let d = quad_at(i + ${3 * threads}u);
    sums += (a + b) + (c + d);
  }${finish('lane', 'workgroup_sum(quad_sum(sums), lane)', scaled)}`,
  }) as const;
const gpuClipping = {
  plain: kernel({ ...plainSpec, ...parallel(false) }),
  scaled: kernel({ ...scaledSpec, ...parallel(true) }),
};
