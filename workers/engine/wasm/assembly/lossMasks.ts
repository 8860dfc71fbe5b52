/** Masks of InfoNCE, as in workers/engine/losses/infoNceParams. */

/** Whether pair (i, j) is left out. If `words` is 0, no pair is left out and `bits` is not read. */
// @ts-ignore: decorator
@inline
export function leftOut(bits: usize, words: u32, i: u32, j: u32): bool {
  if (words == 0) return false;
  return ((load<u32>(bits + <usize>(i * words + j / 32) * 4) >> (j % 32)) & 1) == 1;
}

/** Returns the anchor to which candidate j belongs. */
// @ts-ignore: decorator
@inline
export function ownerOf(j: u32, pairs: u32, perAnchor: u32): u32 {
  return j < pairs ? j : (j - pairs) / max<u32>(1, perAnchor);
}

// @ts-ignore: decorator
@inline
export function scoreLimit(positive: f32, scoreMask: u32, margin: f32): f32 {
  return positive - margin * (scoreMask == 2 ? abs<f32>(positive) : 1);
}

// @ts-ignore: decorator
@inline
export function rowIgnores(
  bits: usize, words: u32, i: u32, j: u32, guideScore: f32, limit: f32, scoreMask: u32, contrast: u32, pairs: u32,
  perAnchor: u32,
): bool {
  if (i == j) return false;
  if (leftOut(bits, words, i, j) || (scoreMask != 0 && guideScore > limit)) return true;
  return (contrast == 1 && j < pairs) || (contrast == 2 && ownerOf(j, pairs, perAnchor) != i);
}

// @ts-ignore: decorator
@inline
export function columnIgnores(
  bits: usize, words: u32, i: u32, j: u32, guideScore: f32, limit: f32, scoreMask: u32,
): bool {
  return i != j && (leftOut(bits, words, i, j) || (scoreMask != 0 && guideScore > limit));
}

/** Factor of the score: above 1 for the kinds of negatives that count more the harder they are. */
// @ts-ignore: decorator
@inline
export function hardening(i: u32, j: u32, hardened: u32, hardness: f32, pairs: u32, perAnchor: u32): f32 {
  if (i == j || hardened == 0) return 1;
  const kind: u32 = ownerOf(j, pairs, perAnchor) == i ? 2 : 1;
  return (hardened & kind) != 0 ? 1 + hardness : 1;
}

// @ts-ignore: decorator
@inline
export function planeAt(stats: usize, plane: u32, pairs: u32, row: u32): usize {
  return stats + <usize>(plane * pairs + row) * 4;
}
