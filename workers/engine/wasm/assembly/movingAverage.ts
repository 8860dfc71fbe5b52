import { isNotFinite } from './isNotFinite';
import { splat } from './simd';

/** Kernel of workers/engine/optimizer/movingAverage, where the formula is. A call covers quads `begin` … `end − 1`. */

export function movingAverage(
  weights: usize, numbers: usize, average: usize,
  length: u32, firstQuad: u32, at: u32, rest: f32, begin: u32, end: u32,
): void {
  if (isNotFinite(load<f32>(numbers + <usize>at * 4))) return;
  for (let quad: usize = firstQuad + begin; quad < <usize>(firstQuad + end); quad++) {
    const o = quad * 16;
    const a = v128.load(average + o);
    v128.store(average + o, f32x4.add(a, f32x4.mul(f32x4.sub(v128.load(weights + o), a), splat(rest))));
  }
}
