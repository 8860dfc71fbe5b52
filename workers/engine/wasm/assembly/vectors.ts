import { laneSum, madd, splat } from './simd';

/** Returns the sum of `count` numbers: four interleaved running sums, then the remainder. */
export function sumOf(at: usize, count: u32): f32 {
  const quads = count & ~3;
  let sum = splat(0);
  for (let i: u32 = 0; i < quads; i += 4) sum = f32x4.add(sum, v128.load(at + <usize>i * 4));
  let rest: f32 = 0;
  for (let i = quads; i < count; i++) rest += load<f32>(at + <usize>i * 4);
  return laneSum(sum) + rest;
}

/** Returns the dot product of two rows. */
export function dotOf(a: usize, b: usize, count: u32): f32 {
  const quads = count & ~3;
  let sum = splat(0);
  for (let i: u32 = 0; i < quads; i += 4)
    sum = madd(v128.load(a + <usize>i * 4), v128.load(b + <usize>i * 4), sum);
  let rest: f32 = 0;
  for (let i = quads; i < count; i++) rest += load<f32>(a + <usize>i * 4) * load<f32>(b + <usize>i * 4);
  return laneSum(sum) + rest;
}

/** Computes to[i] += factor·from[i]. */
export function addScaled(to: usize, from: usize, factor: f32, count: u32): void {
  const quads = count & ~3;
  const f = splat(factor);
  for (let i: usize = 0; i < quads; i += 4)
    v128.store(to + i * 4, madd(f, v128.load(from + i * 4), v128.load(to + i * 4)));
  for (let i: usize = quads; i < count; i++)
    store<f32>(to + i * 4, load<f32>(to + i * 4) + factor * load<f32>(from + i * 4));
}

/** Computes to[i] = factor·from[i]. */
export function setScaled(to: usize, from: usize, factor: f32, count: u32): void {
  const quads = count & ~3;
  const f = splat(factor);
  for (let i: usize = 0; i < quads; i += 4) v128.store(to + i * 4, f32x4.mul(f, v128.load(from + i * 4)));
  for (let i: usize = quads; i < count; i++) store<f32>(to + i * 4, factor * load<f32>(from + i * 4));
}
