import { laneSum, madd, splat } from './simd';
import { sumOf } from './vectors';

/** Kernels of workers/engine/ops/layerNorm, where the formulas are. A call covers rows `begin` … `end − 1`. */

export function layerNormForward(
  z: usize, gamma: usize, beta: usize, y: usize, stats: usize, rows: u32, width: u32, epsilon: f32, begin: u32,
  end: u32,
): void {
  const quads = width & ~3;
  for (let row = begin; row < end; row++) {
    const from = z + <usize>row * width * 4;
    const to = y + <usize>row * width * 4;
    const mean = sumOf(from, width) / <f32>width;
    const mean4 = splat(mean);
    let squares4 = splat(0);
    for (let i: usize = 0; i < quads; i += 4) {
      const d = f32x4.sub(v128.load(from + i * 4), mean4);
      squares4 = madd(d, d, squares4);
    }
    let squares = laneSum(squares4);
    for (let i: usize = quads; i < width; i++) {
      const d = load<f32>(from + i * 4) - mean;
      squares += d * d;
    }
    const scale: f32 = 1 / sqrt<f32>(squares / <f32>width + epsilon);
    const scale4 = splat(scale);
    for (let i: usize = 0; i < quads; i += 4) {
      const unit = f32x4.mul(f32x4.sub(v128.load(from + i * 4), mean4), scale4);
      v128.store(to + i * 4, madd(unit, v128.load(gamma + i * 4), v128.load(beta + i * 4)));
    }
    for (let i: usize = quads; i < width; i++) {
      const x = (load<f32>(from + i * 4) - mean) * scale;
      store<f32>(to + i * 4, x * load<f32>(gamma + i * 4) + load<f32>(beta + i * 4));
    }
    store<f32>(stats + <usize>row * 8, mean);
    store<f32>(stats + <usize>row * 8, scale, 4);
  }
}

export function layerNormBackward(
  dy: usize, z: usize, stats: usize, gamma: usize, dz: usize, rows: u32, width: u32, begin: u32, end: u32,
): void {
  const quads = width & ~3;
  for (let row = begin; row < end; row++) {
    const at = <usize>row * width * 4;
    const mean = load<f32>(stats + <usize>row * 8);
    const scale = load<f32>(stats + <usize>row * 8, 4);
    let sum4 = splat(0);
    let along4 = splat(0);
    for (let i: usize = 0; i < quads; i += 4) {
      const g = f32x4.mul(v128.load(dy + at + i * 4), v128.load(gamma + i * 4));
      sum4 = f32x4.add(sum4, g);
      along4 = madd(g, f32x4.mul(f32x4.sub(v128.load(z + at + i * 4), splat(mean)), splat(scale)), along4);
    }
    let sum = laneSum(sum4);
    let along = laneSum(along4);
    for (let i: usize = quads; i < width; i++) {
      const g = load<f32>(dy + at + i * 4) * load<f32>(gamma + i * 4);
      sum += g;
      along += g * (load<f32>(z + at + i * 4) - mean) * scale;
    }
    sum /= <f32>width;
    along /= <f32>width;
    for (let i: usize = 0; i < quads; i += 4) {
      const g = f32x4.mul(v128.load(dy + at + i * 4), v128.load(gamma + i * 4));
      const unit = f32x4.mul(f32x4.sub(v128.load(z + at + i * 4), splat(mean)), splat(scale));
      const rest = f32x4.sub(f32x4.sub(g, splat(sum)), f32x4.mul(unit, splat(along)));
      v128.store(dz + at + i * 4, f32x4.mul(splat(scale), rest));
    }
    for (let i: usize = quads; i < width; i++) {
      const g = load<f32>(dy + at + i * 4) * load<f32>(gamma + i * 4);
      store<f32>(dz + at + i * 4, scale * (g - sum - (load<f32>(z + at + i * 4) - mean) * scale * along));
    }
  }
}
