import type { DeviceArray } from '../arrays';

/**
 * Scores are compared by keys: whole numbers in the order of the scores, so that no compiler's liberties with NaN, infinity or −0 can change a
 * rank. A score that is not a number has the key of −∞. Key 0 is no score's: an empty place.
 */
export const keyOf = `
fn key_of(bits: u32) -> u32 {
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0x007fffffu; }
  if (bits == 0x80000000u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}
`;

/** The score of a key. */
export function scoreOfKey(key: number): number {
  const bits = key >= 0x8000_0000 ? key - 0x8000_0000 : ~key >>> 0;
  return new Float32Array(Uint32Array.of(bits).buffer)[0] ?? NaN;
}

/** A block of scores, [Q, N]; passages behind `count` do not count. `first`: the row of the block's first passage. */
export interface ScoreBlock {
  scores: DeviceArray;
  count: number;
  first: number;
}
