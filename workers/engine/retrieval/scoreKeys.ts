/**
 * WGSL that maps a score's bits to an integer key. Keys sort like the scores. Shader compilers may treat NaN, infinity
 * and −0 freely and thereby change a rank; comparing integers avoids that. −0 gets the key of 0, and NaN that of −∞. No
 * score has key 0, which marks an empty place.
 */
export const scoreKeyFunction = `
fn key_of(bits: u32) -> u32 {
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0x007fffffu; }
  if (bits == 0x80000000u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}
`;

/** Converts a key back to its score. */
export function scoreOfKey(key: number): number {
  const bits = key >= 0x8000_0000 ? key - 0x8000_0000 : ~key >>> 0;
  return new Float32Array(Uint32Array.of(bits).buffer)[0] ?? NaN;
}
