/**
 * Kernels of exact search. The keys and layouts are described in scoreKeys.ts, topK.ts and rankCounts.ts in
 * workers/engine/retrieval.
 */

/** Maps a score's bits to an integer that sorts like the score. NaN counts as −∞, and −0 as 0. */
// @ts-ignore: decorator
@inline
function keyOf(bits: u32): u32 {
  if ((bits & 0x7fffffff) > 0x7f800000) return 0x007fffff;
  if (bits == 0x80000000) return 0x80000000;
  return bits >> 31 ? ~bits : bits | 0x80000000;
}

/**
 * Keeps each row's k best passages, sorted. A passage that beats the last of them is inserted after all passages with
 * an equal or higher score.
 */
export function searchBest(
  scores: usize, kept: usize, next: usize,
  rows: u32, stride: u32, count: u32, first: u32, k: u32, begin: u32, end: u32,
): void {
  const bytes = <usize>k * 8;
  for (let row = begin; row < end; row++) {
    const to = next + <usize>row * bytes;
    memory.copy(to, kept + <usize>row * bytes, bytes);
    const from = scores + <usize>row * stride * 4;
    const last = to + bytes - 8;
    for (let j: u32 = 0; j < count; j++) {
      const key = keyOf(load<u32>(from + <usize>j * 4));
      if (key <= load<u32>(last)) continue;
      let at = last;
      while (at > to && load<u32>(at - 8) < key) {
        store<u64>(at, load<u64>(at - 8));
        at -= 8;
      }
      store<u32>(at, key);
      store<u32>(at, first + j, 4);
    }
  }
}

export function searchPick(
  scores: usize, targets: usize, keys: usize,
  stride: u32, firstTarget: u32, count: u32, begin: u32, end: u32,
): void {
  for (let i = begin; i < end; i++) {
    const target = targets + <usize>(firstTarget + i) * 16;
    const at = <usize>load<u32>(target) * stride + load<u32>(target, 8);
    store<u32>(keys + <usize>(firstTarget + i) * 4, keyOf(load<u32>(scores + at * 4)));
  }
}

export function searchCount(
  scores: usize, targets: usize, keys: usize, counts: usize,
  rows: u32, stride: u32, count: u32, first: u32, begin: u32, end: u32,
): void {
  for (let row = begin; row < end; row++) {
    const target = targets + <usize>row * 16;
    const from = scores + <usize>load<u32>(target) * stride * 4;
    const place = load<u32>(target, 4);
    const own = load<u32>(keys + <usize>row * 4);
    let above: u32 = 0;
    for (let j: u32 = 0; j < count; j++) {
      const key = keyOf(load<u32>(from + <usize>j * 4));
      if (key > own || (key == own && first + j < place)) above += 1;
    }
    const to = counts + <usize>row * 4;
    store<u32>(to, load<u32>(to) + above);
  }
}
