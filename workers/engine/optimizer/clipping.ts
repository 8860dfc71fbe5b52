import { arrayLength, type DeviceArray } from '../arrays';
import type { Engine, EngineTraits } from '../engine';
import { memo } from '../memo';
import { rowKernel } from '../rowKernel';

/**
 * Writes the L2 norm of all gradients to numbers[at] and the clipping factor min(1, clipNorm/(norm + 1e-6)) to
 * numbers[at + 1], as torch.nn.utils.clip_grad_norm_ does. A clipNorm of 0 turns clipping off. If gradients carry a
 * `gradientScale`, the norm is that of the unscaled gradients and the factor also removes the scale. If the loss,
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
  if (gradientScale === undefined)
    return engine.commands.dispatch(clippingKernel(engine.traits), { parts, numbers }, params, 1);
  const unscale = 1 / gradientScale;
  engine.commands.dispatch(scaledClippingKernel(engine.traits), { parts, numbers }, { ...params, unscale }, 1);
}

const clippingParams = { rows: 'u32', parts: 'u32', clipNorm: 'f32', at: 'u32' } as const;
const clippingBody = (norm: string, factor: (clip: string) => string): string => `
  var sum = 0.0;
  for (var i = me; i < p.parts; i += step) { sum += parts[i]; }
  let norm = ${norm};
  if (me == 0u) {
    // A loss that is not finite must stop the run too, even if all gradients are finite.
    let broken = (bitcast<u32>(numbers[0]) & 0x7f800000u) == 0x7f800000u;
    numbers[p.at] = select(norm, numbers[0], broken);
    numbers[p.at + 1u] = ${factor('select(1.0, min(1.0, p.clipNorm / (norm + 1e-6)), p.clipNorm > 0.0)')};
  }`;

const clippingKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'clipping',
    params: clippingParams,
    reads: { parts: 'f32' },
    writes: { numbers: 'f32' },
    wasm: { call: 'clipping', items: ({ rows }) => rows },
    body: clippingBody('sqrt(row_sum(sum, me))', (clip) => clip),
  }),
);

const scaledClippingKernel = memo((traits: EngineTraits) =>
  rowKernel(traits, {
    name: 'clipping of scaled gradients',
    params: { ...clippingParams, unscale: 'f32' },
    reads: { parts: 'f32' },
    writes: { numbers: 'f32' },
    body: clippingBody('sqrt(row_sum(sum, me)) * p.unscale', (clip) => `${clip} * p.unscale`),
  }),
);
