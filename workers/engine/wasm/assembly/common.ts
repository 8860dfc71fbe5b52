/**
 * Functions shared by all kernels. They allocate nothing: all data is in locals or in memory that the engine assigns.
 */

/** Address of this thread's scratch memory. */
export let scratch: usize = 0;

export function setScratch(at: usize): void {
  scratch = at;
}

/** Returns a·b + c. With relaxed SIMD, rounds only once if the machine has fused multiply-add. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** Returns the sum of the four lanes, added in a fixed order. */
// @ts-ignore: decorator
@inline
export function lanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/**
 * Returns eˣ per lane: x = n·ln 2 + r, |r| ≤ ln 2 / 2; a polynomial of degree 7 in r (Cephes), times 2ⁿ. The error is 2
 * ulp. Below −87.3, the result stays at the smallest normal number, 1.2e-38.
 */
// @ts-ignore: decorator
@inline
export function exp4(value: v128): v128 {
  const x = f32x4.max(f32x4.min(value, splat(88.3762626647949)), splat(-87.3365478515625));
  const n = f32x4.nearest(f32x4.mul(x, splat(1.44269504088896341)));
  let r = madd(n, splat(-0.693359375), x);
  r = madd(n, splat(2.12194440e-4), r);
  let y = splat(1.9875691500e-4);
  y = madd(y, r, splat(1.3981999507e-3));
  y = madd(y, r, splat(8.3334519073e-3));
  y = madd(y, r, splat(4.1665795894e-2));
  y = madd(y, r, splat(1.6666665459e-1));
  y = madd(y, r, splat(5.0000001201e-1));
  y = f32x4.add(madd(y, f32x4.mul(r, r), r), splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(y, power);
}

/** Returns eˣ of one number, bit-identical to `exp4`. */
// @ts-ignore: decorator
@inline
export function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(splat(x)), 0);
}

/** Returns the sum of `count` numbers: four running sums, then the remainder. */
export function sumOf(at: usize, count: u32): f32 {
  const quads = count & ~3;
  let sum = splat(0);
  for (let i: u32 = 0; i < quads; i += 4) sum = f32x4.add(sum, v128.load(at + <usize>i * 4));
  let rest: f32 = 0;
  for (let i = quads; i < count; i++) rest += load<f32>(at + <usize>i * 4);
  return lanes(sum) + rest;
}

/** Returns the dot product of two rows. */
export function dotOf(a: usize, b: usize, count: u32): f32 {
  const quads = count & ~3;
  let sum = splat(0);
  for (let i: u32 = 0; i < quads; i += 4)
    sum = madd(v128.load(a + <usize>i * 4), v128.load(b + <usize>i * 4), sum);
  let rest: f32 = 0;
  for (let i = quads; i < count; i++) rest += load<f32>(a + <usize>i * 4) * load<f32>(b + <usize>i * 4);
  return lanes(sum) + rest;
}

/** Computes to[i] += factor·from[i]. */
export function addScaled(to: usize, from: usize, factor: f32, count: u32): void {
  const quads = count & ~3;
  const f = splat(factor);
  for (let i: usize = 0; i < quads; i += 4) v128.store(to + i * 4, madd(f, v128.load(from + i * 4), v128.load(to + i * 4)));
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

/** Whether x is infinite or NaN. */
// @ts-ignore: decorator
@inline
export function isBroken(x: f32): bool {
  return (reinterpret<u32>(x) & 0x7f800000) == 0x7f800000;
}
