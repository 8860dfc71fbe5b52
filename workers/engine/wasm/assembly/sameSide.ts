import { exp1 } from './exp';
import { leftOut, ownerOf, planeAt } from './lossMasks';

/** Kernels of workers/engine/losses/sameSideKernels. A call covers rows `begin` … `end − 1`. */

// @ts-ignore: decorator
@inline
function sideIgnores(
  bits: usize, words: u32, i: u32, j: u32, guideScore: f32, limit: f32, scoreMask: u32, pairs: u32, perAnchor: u32,
  side: u32,
): bool {
  if (ownerOf(j, pairs, perAnchor) == i || leftOut(bits, words, i, j)) return true;
  if (scoreMask != 0 && guideScore > limit) return true;
  return side == 1 && leftOut(bits, words, j, i);
}

export function sameSideRows(
  cosines: usize, guide: usize, bits: usize, stats: usize,
  rows: u32, columns: u32, firstRow: u32, firstColumn: u32, pairs: u32, temperature: f32, terms: u32, joint: u32,
  words: u32,
  perAnchor: u32, contrast: u32, hardened: u32, hardness: f32, scoreMask: u32, margin: f32, side: u32, begin: u32,
  end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const at = cosines + <usize>row * columns * 4;
    const guideAt = guide + <usize>row * columns * 4;
    const i = firstRow + row;
    const limit = load<f32>(planeAt(stats, 4, pairs, i));
    let largest: f32 = -3.0e38;
    for (let j: u32 = 0; j < columns; j++)
      if (!sideIgnores(bits, words, i, j, load<f32>(guideAt + <usize>j * 4), limit, scoreMask, pairs, perAnchor, side))
        largest = max(largest, load<f32>(at + <usize>j * 4));
    let sum: f32 = 0;
    for (let j: u32 = 0; j < columns; j++)
      if (!sideIgnores(bits, words, i, j, load<f32>(guideAt + <usize>j * 4), limit, scoreMask, pairs, perAnchor, side))
        sum += exp1((load<f32>(at + <usize>j * 4) - largest) / temperature);
    // With a single pair, or with everything left out, the term is log 0, which adds nothing.
    const lse: f32 = sum > 0 ? largest / temperature + Mathf.log(sum) : -3.0e38;
    store<f32>(planeAt(stats, side, pairs, i), lse);
  }
}

export function sameSideGradient(
  cosines: usize, guide: usize, bits: usize, stats: usize, dCosines: usize,
  rows: u32, columns: u32, firstRow: u32, firstColumn: u32, pairs: u32, temperature: f32, terms: u32, joint: u32,
  words: u32,
  perAnchor: u32, contrast: u32, hardened: u32, hardness: f32, scoreMask: u32, margin: f32, side: u32, begin: u32,
  end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const i = firstRow + row;
    const lse = load<f32>(planeAt(stats, side, pairs, i));
    const limit = load<f32>(planeAt(stats, 4, pairs, i));
    for (let column: u32 = 0; column < columns; column++) {
      const j = firstColumn + column;
      const at = (<usize>row * columns + column) * 4;
      let d: f32 = 0;
      if (!sideIgnores(bits, words, i, j, load<f32>(guide + at), limit, scoreMask, pairs, perAnchor, side))
        d = exp1(load<f32>(cosines + at) / temperature - lse) / (<f32>pairs * temperature);
      store<f32>(dCosines + at, d);
    }
  }
}
