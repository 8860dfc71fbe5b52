import { exp4 } from './exp';
import { scratch } from './scratch';
import { madd, splat } from './simd';
import { addScaled } from './vectors';
import { packedBytes, product } from './product';
import { dropoutOne, dropoutQuad } from './dropout';

/** Bits of `flags`: how the operands are stored, and which operations are applied to a sum before it is written. */
const transposedA: u32 = 1;
const transposedB: u32 = 2;
const withBias: u32 = 4;
const withDropout: u32 = 8;
const withResidual: u32 = 16;
const withGelu: u32 = 32;
const withGeluGradient: u32 = 64;
const withAccumulate: u32 = 128;
const withASums: u32 = 256;

/** Where packed operands start in scratch, after the eight numbers of a row of an edge tile. */
const packedAt: usize = 64;

/**
 * Computes blocks `begin` … `end − 1` of y = α·op(a)·op(b) with its epilogue; see ops/matmul. Blocks are numbered down
 * each column of blocks, so that consecutive blocks read the same columns of b.
 */
export function matmul(
  a: usize, b: usize, y: usize, bias: usize, residual: usize, pre: usize, aSums: usize,
  rows: u32, columns: u32, depth: u32, alpha: f32,
  seed: u32, step: u32, op: u32, below: u32, dropFirst: u32, scale: f32,
  flags: u32, blockRows: u32, blockColumns: u32, begin: u32, end: u32,
): void {
  const aRow: usize = flags & transposedA ? 4 : <usize>depth * 4;
  const aDepth: usize = flags & transposedA ? <usize>rows * 4 : 4;
  const bDepth: usize = flags & transposedB ? 4 : <usize>columns * 4;
  const bColumn: usize = flags & transposedB ? <usize>depth * 4 : 4;
  const stride = <usize>columns * 4;
  const down = (rows + blockRows - 1) / blockRows;
  // The old numbers of y are saved at this address, because the epilogue adds them last.
  const kept = scratch + packedAt + packedBytes(blockColumns);
  for (let block = begin; block < end; block++) {
    const row = (block % down) * blockRows;
    const column = (block / down) * blockColumns;
    const height = min(blockRows, rows - row);
    const width = min(blockColumns, columns - column);
    const at = y + <usize>row * stride + <usize>column * 4;
    if (flags & withAccumulate) copyBlock(at, stride, kept, <usize>width * 4, height, width);
    product(
      a + <usize>row * aRow, aRow, aDepth, b + <usize>column * bColumn, bDepth, bColumn, at, stride,
      height, width, depth, false, scratch + packedAt,
    );
    if (flags & ~(transposedA | transposedB | withASums) || alpha != 1)
      for (let i: u32 = 0; i < height; i++) {
        const from = (row + i) * columns + column;
        const keptRow = kept + <usize>i * width * 4;
        finishRow(
          y, bias, residual, pre, keptRow, from, column, width, alpha, seed, step, op, below, dropFirst, scale, flags,
        );
      }
    if (flags & withASums && column == 0) {
      const sums = aSums + <usize>row * 4;
      memory.fill(sums, 0, <usize>height * 4);
      for (let k: usize = 0; k < depth; k++) addScaled(sums, a + k * aDepth + <usize>row * 4, 1, height);
    }
  }
}

function copyBlock(from: usize, fromStride: usize, to: usize, toStride: usize, rows: u32, columns: u32): void {
  for (let i: usize = 0; i < rows; i++) memory.copy(to + i * toStride, from + i * fromStride, <usize>columns * 4);
}

/** Applies the epilogue to `width` numbers of y. `from` is the index of the first one and `column` its column. */
function finishRow(
  y: usize, bias: usize, residual: usize, pre: usize, kept: usize, from: u32, column: u32, width: u32, alpha: f32,
  seed: u32, step: u32, op: u32, below: u32, dropFirst: u32, scale: f32, flags: u32,
): void {
  const to = y + <usize>from * 4;
  // A quad of random numbers covers four aligned numbers of the whole batch, so the vector path needs `from` and
  // `dropFirst` to be aligned too.
  const vector: u32 = flags & withDropout && (from | dropFirst) & 3 ? 0 : width & ~3;
  for (let j: u32 = 0; j < vector; j += 4) {
    const o = <usize>j * 4;
    const at = <usize>(from + j) * 4;
    let v = f32x4.mul(v128.load(to + o), splat(alpha));
    if (flags & withBias) v = f32x4.add(v, v128.load(bias + <usize>(column + j) * 4));
    if (flags & withDropout) v = f32x4.mul(v, dropoutQuad((from + j) / 4, seed, step, op, below, dropFirst, scale));
    if (flags & withResidual) v = f32x4.add(v, v128.load(residual + at));
    if (flags & withGelu) {
      v128.store(pre + at, v);
      v = gelu(v);
    }
    if (flags & withGeluGradient) v = f32x4.mul(v, geluGradient(v128.load(pre + at)));
    if (flags & withAccumulate) v = f32x4.add(v, v128.load(kept + o));
    v128.store(to + o, v);
  }
  for (let j = vector; j < width; j++) {
    const o = <usize>j * 4;
    const at = <usize>(from + j) * 4;
    let v = load<f32>(to + o) * alpha;
    if (flags & withBias) v += load<f32>(bias + <usize>(column + j) * 4);
    if (flags & withDropout) v *= dropoutOne(from + j, seed, step, op, below, dropFirst, scale);
    if (flags & withResidual) v += load<f32>(residual + at);
    if (flags & withGelu) {
      store<f32>(pre + at, v);
      v = f32x4.extract_lane(gelu(splat(v)), 0);
    }
    if (flags & withGeluGradient) v *= f32x4.extract_lane(geluGradient(splat(load<f32>(pre + at))), 0);
    if (flags & withAccumulate) v += load<f32>(kept + o);
    store<f32>(to + o, v);
  }
}

/** Returns Φ(x), with erf as in Abramowitz & Stegun, eq. 7.1.26, like the shaders. */
// @ts-ignore: decorator
@inline
function gaussCdf(x: v128): v128 {
  const z = f32x4.mul(f32x4.abs(x), splat(0.70710678118));
  const t = f32x4.div(splat(1), madd(splat(0.3275911), z, splat(1)));
  let tail = madd(splat(1.061405429), t, splat(-1.453152027));
  tail = madd(tail, t, splat(1.421413741));
  tail = madd(tail, t, splat(-0.284496736));
  tail = madd(tail, t, splat(0.254829592));
  const half = f32x4.mul(splat(0.5), f32x4.mul(f32x4.mul(tail, t), exp4(f32x4.neg(f32x4.mul(z, z)))));
  // Φ(−x) = 1 − Φ(x); the upper tail is 1 − half.
  return v128.bitselect(half, f32x4.sub(splat(1), half), f32x4.lt(x, splat(0)));
}

// @ts-ignore: decorator
@inline
function gelu(x: v128): v128 {
  return f32x4.mul(x, gaussCdf(x));
}

// @ts-ignore: decorator
@inline
function geluGradient(x: v128): v128 {
  const density = f32x4.mul(exp4(f32x4.mul(splat(-0.5), f32x4.mul(x, x))), splat(0.3989422804));
  return madd(x, density, gaussCdf(x));
}
