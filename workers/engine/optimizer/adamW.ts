import { arrayLength, type DeviceArray } from '../arrays';
import type { Engine } from '../engine';
import { kernel } from '../kernel';

export interface AdamWOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

/**
 * One step of AdamW (Loshchilov & Hutter, arXiv 1711.05101, algorithm 2; as torch.optim.AdamW) on one segment of
 * parameters, which all have weight decay or all have none. With learning rate η, decay λ, clipped gradient g, step t
 * from 1: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ·(1 − ηλ) − (η/(1 − β₁ᵗ))·m/(√v/√(1 − β₂ᵗ) + ε). The host
 * computes the bias corrections in float64, because float32 would cause a relative error of 1e-5 in v.
 *
 * numbers[at] is the gradient norm and numbers[at + 1] the factor that clips the gradients. If the norm is not finite,
 * the kernel changes nothing, so that the run stops with its last good weights.
 */
export function adamW(
  engine: Engine,
  segment: { weights: DeviceArray; gradients: DeviceArray; m: DeviceArray; v: DeviceArray; numbers: DeviceArray },
  options: AdamWOptions & { learningRate: number; step: number; decayed: boolean },
  at: number,
): void {
  const { beta1, beta2, epsilon, learningRate, step, decayed, weightDecay } = options;
  const length = arrayLength(segment.weights.shape);
  const params = {
    length,
    at,
    beta1,
    beta2,
    epsilon,
    rest1: 1 - beta1,
    rest2: 1 - beta2,
    shrink: decayed ? 1 - learningRate * weightDecay : 1,
    stepSize: learningRate / (1 - beta1 ** step),
    rootCorrection: Math.sqrt(1 - beta2 ** step),
  };
  engine.commands.dispatch(adamWKernel, segment, params, Math.ceil(length / 256));
}

const adamWKernel = kernel({
  name: 'adamW',
  params: {
    length: 'u32',
    at: 'u32',
    beta1: 'f32',
    beta2: 'f32',
    epsilon: 'f32',
    rest1: 'f32',
    rest2: 'f32',
    shrink: 'f32',
    stepSize: 'f32',
    rootCorrection: 'f32',
  },
  reads: { gradients: 'vec4<f32>', numbers: 'f32' },
  writes: { weights: 'vec4<f32>', m: 'vec4<f32>', v: 'vec4<f32>' },
  wasm: { call: 'adamW', items: ({ length }) => Math.ceil(length / 4) },
  workgroup: [64, 1, 1],
  body: `
  let i = group * 64u + lane;
  if (i * 4u >= p.length) { return; }
  // Test the bits: a shader compiler may assume that no number is NaN or infinite.
  if ((bitcast<u32>(numbers[p.at]) & 0x7f800000u) == 0x7f800000u) { return; }
  let g = gradients[i] * numbers[p.at + 1u];
  let m1 = m[i] * p.beta1 + g * p.rest1;
  let v1 = v[i] * p.beta2 + g * g * p.rest2;
  m[i] = m1;
  v[i] = v1;
  weights[i] = weights[i] * p.shrink - m1 / (sqrt(v1) / p.rootCorrection + p.epsilon) * p.stepSize;`,
});
