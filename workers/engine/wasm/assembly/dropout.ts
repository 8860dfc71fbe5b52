/** Philox4x32-10 (Salmon et al., SC 2011). Draws the same numbers as the reference implementation and the shaders. */

let c0: u32 = 0;
let c1: u32 = 0;
let c2: u32 = 0;
let c3: u32 = 0;

function philox(first: u32, second: u32, op: u32, step: u32, seed: u32): void {
  let a = first, b = second, c = op, d = step;
  let k0 = seed, k1: u32 = 0;
  for (let round = 0; round < 10; round++) {
    const x = <u64>0xd2511f53 * <u64>a;
    const y = <u64>0xcd9e8d57 * <u64>c;
    a = <u32>(y >> 32) ^ b ^ k0;
    b = <u32>y;
    c = <u32>(x >> 32) ^ d ^ k1;
    d = <u32>x;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  c0 = a; c1 = b; c2 = c; c3 = d;
}

/**
 * Returns the dropout factors of numbers 4·quad … 4·quad + 3 of an array that starts at a multiple of four in the whole
 * batch: 0 if dropped, otherwise `scale`.
 */
export function dropoutQuad(quad: u32, seed: u32, step: u32, op: u32, below: u32, dropFirst: u32, scale: f32): v128 {
  philox(quad + dropFirst / 4, 0, op, step, seed);
  return factors(below, scale);
}

/** Returns the factors of the four numbers drawn last. */
function factors(below: u32, scale: f32): v128 {
  return f32x4(
    c0 < below ? 0 : scale,
    c1 < below ? 0 : scale,
    c2 < below ? 0 : scale,
    c3 < below ? 0 : scale,
  );
}

/**
 * Returns the dropout factors of four attention probabilities: those of a row in one head for keys 4·quad … 4·quad + 3
 * of its text.
 */
export function dropoutKeys(
  rowAndHead: u32, quad: u32, seed: u32, step: u32, op: u32, below: u32, dropFirst: u32, scale: f32,
): v128 {
  philox(rowAndHead + dropFirst, quad, op, step, seed);
  return factors(below, scale);
}

/** Returns the dropout factor of number i of an array. */
export function dropoutOne(i: u32, seed: u32, step: u32, op: u32, below: u32, dropFirst: u32, scale: f32): f32 {
  const at = i + dropFirst;
  philox(at / 4, 0, op, step, seed);
  const lane = at % 4;
  const drawn = lane == 0 ? c0 : lane == 1 ? c1 : lane == 2 ? c2 : c3;
  return drawn < below ? 0 : scale;
}

/** Computes y = x ∘ mask for quads `begin` … `end − 1`. */
export function dropout(
  x: usize, y: usize, length: u32, seed: u32, step: u32, op: u32, below: u32, dropFirst: u32, scale: f32, begin: u32,
  end: u32,
): void {
  for (let quad = begin; quad < end; quad++) {
    const at = <usize>quad * 16;
    if (quad * 4 + 4 <= length && (dropFirst & 3) == 0)
      v128.store(y + at, f32x4.mul(v128.load(x + at), dropoutQuad(quad, seed, step, op, below, dropFirst, scale)));
    else
      for (let i = quad * 4; i < min(quad * 4 + 4, length); i++) {
        const factor = dropoutOne(i, seed, step, op, below, dropFirst, scale);
        store<f32>(y + <usize>i * 4, load<f32>(x + <usize>i * 4) * factor);
      }
  }
}
