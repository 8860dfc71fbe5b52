import { isNotFinite } from './isNotFinite';
import { splat } from './simd';

/** Kernel of workers/engine/optimizer/adamW, where the formulas are. A call covers quads `begin` … `end − 1`. */

export function adamW(
  gradients: usize, numbers: usize, weights: usize, m: usize, v: usize,
  length: u32, at: u32, beta1: f32, beta2: f32, epsilon: f32, rest1: f32, rest2: f32,
  shrink: f32, stepSize: f32, rootCorrection: f32, begin: u32, end: u32,
): void {
  const norm = load<f32>(numbers + <usize>at * 4);
  if (isNotFinite(norm)) return;
  const clip = splat(load<f32>(numbers + <usize>at * 4, 4));
  for (let quad: usize = begin; quad < end; quad++) {
    const o = quad * 16;
    const g = f32x4.mul(v128.load(gradients + o), clip);
    const m1 = f32x4.add(f32x4.mul(v128.load(m + o), splat(beta1)), f32x4.mul(g, splat(rest1)));
    const v1 = f32x4.add(f32x4.mul(v128.load(v + o), splat(beta2)), f32x4.mul(f32x4.mul(g, g), splat(rest2)));
    v128.store(m + o, m1);
    v128.store(v + o, v1);
    const root = f32x4.add(f32x4.div(f32x4.sqrt(v1), splat(rootCorrection)), splat(epsilon));
    const moved = f32x4.mul(f32x4.div(m1, root), splat(stepSize));
    v128.store(weights + o, f32x4.sub(f32x4.mul(v128.load(weights + o), splat(shrink)), moved));
  }
}
